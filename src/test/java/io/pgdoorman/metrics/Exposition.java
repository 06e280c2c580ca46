package io.pgdoorman.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of metrics, read by code of its own: it knows both formats well enough to refuse what a
 * reader of metrics would. Threads: immutable.
 */
public final class Exposition {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\\\\n\"])*)\",?");

    private static final Pattern ESCAPE = Pattern.compile("\\\\(.)");

    /** One line of figures. */
    public record Sample(String name, Map<String, String> labels, double value) {}

    private final Map<String, String> types = new LinkedHashMap<>();
    private final List<Sample> samples = new ArrayList<>();

    private Exposition() {}

    /**
     * Reads a page.
     *
     * @throws IllegalArgumentException it is none
     */
    public static Exposition parse(String text) {
        var page = new Exposition();
        String family = "";
        Set<String> seen = new HashSet<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            String[] words = line.split(" ", 4);
            if (line.equals("# EOF")) {
                require(i == lines.size() - 1, "# EOF before the end");
            } else if (line.startsWith("# TYPE ")) {
                require(words.length == 4, line);
                family = words[2];
                require(NAME.matcher(family).matches(), line);
                require(page.types.put(family, words[3]) == null, "twice: " + line);
            } else if (line.startsWith("# HELP ")) {
                require(words.length == 4, line);
            } else {
                Sample sample = sample(line);
                require(belongs(sample.name(), family), line + " after " + family);
                require(seen.add(sample.name() + sample.labels()), "twice: " + line);
                page.samples.add(sample);
            }
        }
        require(text.endsWith("\n"), "the last line has no end");
        return page;
    }

    private static Sample sample(String line) {
        Matcher parts = SAMPLE.matcher(line);
        require(parts.matches(), line);
        Map<String, String> labels = new TreeMap<>();
        if (parts.group(2) != null) {
            Matcher label = LABEL.matcher(parts.group(2));
            int end = 0;
            while (label.find()) {
                require(label.start() == end, line);
                end = label.end();
                String value =
                        ESCAPE.matcher(label.group(2))
                                .replaceAll(
                                        found ->
                                                Matcher.quoteReplacement(
                                                        found.group(1).equals("n")
                                                                ? "\n"
                                                                : found.group(1)));
                require(labels.put(label.group(1), value) == null, line);
            }
            require(end == parts.group(2).length(), line);
        }
        return new Sample(parts.group(1), labels, value(parts.group(3)));
    }

    private static double value(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private static boolean belongs(String name, String family) {
        return !family.isEmpty()
                && name.startsWith(family)
                && Set.of("", "_total", "_bucket", "_sum", "_count", "_info")
                        .contains(name.substring(family.length()));
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException(what);
        }
    }

    /** Families that have samples, and their types. */
    public Map<String, String> types() {
        return Map.copyOf(types);
    }

    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    /** All of this name. */
    public List<Sample> samples(String name) {
        return samples.stream().filter(sample -> sample.name().equals(name)).toList();
    }

    /** The sum of all of this name that have these labels, names and values in turn. */
    public double sum(String name, String... labels) {
        Map<String, String> wanted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        List<Sample> found =
                samples(name).stream()
                        .filter(s -> s.labels().entrySet().containsAll(wanted.entrySet()))
                        .toList();
        require(!found.isEmpty(), "there is no " + name + wanted);
        return found.stream().mapToDouble(Sample::value).sum();
    }
}
