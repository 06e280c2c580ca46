package io.pgdoorman.web;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a client takes and how gladly: the value of {@code Accept} or {@code Accept-Encoding}.
 * Threads: immutable.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5">RFC 9110</a>
 */
final class Accept {
    private record Range(String name, String version, double quality) {}

    private final List<Range> ranges = new ArrayList<>();

    /**
     * @param values of the header, which may come more than once
     */
    Accept(List<String> values) {
        for (String value : values) {
            for (String element : value.split(",")) {
                String[] parts = element.toLowerCase(Locale.ROOT).split(";");
                String name = parts.length == 0 ? "" : parts[0].strip();
                if (!name.isEmpty()) {
                    ranges.add(range(name, parts));
                }
            }
        }
    }

    private static Range range(String name, String[] parts) {
        double quality = 1;
        String version = "";
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip();
            if (parameter.startsWith("q=")) {
                quality = quality(parameter.substring(2));
            } else if (parameter.startsWith("version=")) {
                version = parameter.substring("version=".length()).replace("\"", "");
            }
        }
        return new Range(name, version, quality);
    }

    private static double quality(String text) {
        try {
            return Math.clamp(Double.parseDouble(text), 0, 1);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** From 0, not at all, to 1. Takes what was named rather than {@code *}. */
    double quality(String name, String any) {
        double named = ofName(name);
        return named >= 0 ? named : Math.max(0, ofName(any));
    }

    private double ofName(String name) {
        return ranges.stream()
                .filter(range -> range.name().equals(name))
                .mapToDouble(Range::quality)
                .max()
                .orElse(-1);
    }

    /** The best of this name and of one of these versions, or of none; 0 if there is none. */
    double quality(String name, List<String> versions) {
        return ranges.stream()
                .filter(range -> range.name().equals(name))
                .filter(range -> range.version().isEmpty() || versions.contains(range.version()))
                .mapToDouble(Range::quality)
                .max()
                .orElse(0);
    }
}
