package io.pgdoorman.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code docs/metrics.md} has the families of the page, all of them and no other. */
class MetricsManualTest {
    private static final Pattern ROW =
            Pattern.compile(
                    "^\\| `(\\w+)` \\| (gauge|counter|histogram|summary|info) \\| ([a-z_, ]*)\\|",
                    Pattern.MULTILINE);
    private static final Pattern NAME = Pattern.compile("\\bpg_doorman_\\w+");

    private static final String MANUAL = manual();

    private static String manual() {
        try {
            return Files.readString(Path.of("docs/metrics.md"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void tablesAndPageAgreeOnNamesTypesAndLabels() throws InterruptedException {
        Map<String, String> documented = new TreeMap<>();
        Matcher row = ROW.matcher(MANUAL);
        while (row.find()) {
            Set<String> labels = new TreeSet<>();
            Arrays.stream(row.group(3).split(","))
                    .map(String::strip)
                    .filter(label -> !label.isEmpty())
                    .forEach(labels::add);
            documented.put(row.group(1), row.group(2) + labels);
        }

        Map<String, String> shown = new TreeMap<>();
        try (var stage = new MetricsStage()) {
            for (Family family : stage.page().collect().all()) {
                shown.put(
                        family.name(),
                        family.type().name().toLowerCase(Locale.ROOT)
                                + new TreeSet<>(family.labelNames()));
            }
        }

        assertThat(shown).isEqualTo(documented);
    }

    @Test
    void alertsUseFamiliesThatExist() throws InterruptedException {
        String alerts = MANUAL.substring(MANUAL.indexOf("## Alerts"));
        Set<String> names = new TreeSet<>();
        try (var stage = new MetricsStage()) {
            stage.page().collect().all().forEach(family -> names.add(family.name()));
        }

        assertThat(NAME.matcher(alerts).results().map(result -> result.group()))
                .isNotEmpty()
                .allSatisfy(
                        name ->
                                assertThat(names)
                                        .as(name)
                                        .contains(name.replaceAll("_(bucket|sum|count)$", "")));
    }
}
