package io.pgdoorman.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code docs/grafana/pg_doorman.json} asks for series that the page has. {@link MetricsManualTest}
 * sees to it that the page of {@link MetricsStage} has samples of all families.
 */
class GrafanaDashboardTest {
    private static final int COLUMNS = 24;

    /** Labels that Prometheus adds to each series. */
    private static final Set<String> OF_THE_SCRAPE = Set.of("instance", "job");

    private static final Pattern SELECTOR =
            Pattern.compile("\\b((?:pg_doorman|jvm|process)_[a-z0-9_]+)(?:\\{([^}]*)})?");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)(=~|!=|=)\"([^\"]*)\"(?:, )?");
    private static final Pattern GROUPING = Pattern.compile("\\b(by|on) \\(([^)]*)\\)");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{(\\w+)}}");
    private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.*), (\\w+)\\)");
    private static final Pattern VARIABLE = Pattern.compile("\\$(?!__)(\\w+)");
    private static final Pattern DEPRECATED =
            Pattern.compile("^\\| `(\\w+)` \\|.*\\| deprecated", Pattern.MULTILINE);

    private final JsonObject dashboard =
            new JsonObject(Files.readString(Path.of("docs/grafana/pg_doorman.json")));
    private final Exposition page;

    GrafanaDashboardTest() throws IOException, InterruptedException {
        try (var stage = new MetricsStage()) {
            page = Exposition.parse(MetricsStage.text(stage.page(), Format.TEXT));
        }
    }

    /** All objects of the dashboard, at any depth. */
    private static Stream<JsonObject> objects(Object node) {
        if (node instanceof JsonObject object) {
            Stream<Object> fields = object.fieldNames().stream().map(object::getValue);
            return Stream.concat(Stream.of(object), fields.flatMap(GrafanaDashboardTest::objects));
        }
        return node instanceof JsonArray array
                ? array.stream().flatMap(GrafanaDashboardTest::objects)
                : Stream.empty();
    }

    private List<JsonObject> panels() {
        return dashboard.getJsonArray("panels").stream().map(JsonObject.class::cast).toList();
    }

    /** What is asked for each panel and annotation, with {@code expr} and its legend. */
    private List<JsonObject> targets() {
        return objects(dashboard).filter(object -> object.containsKey("expr")).toList();
    }

    private List<JsonObject> variables() {
        return dashboard.getJsonObject("templating").getJsonArray("list").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private static List<MatchResult> selectors(String expression) {
        return SELECTOR.matcher(expression).results().toList();
    }

    private static String matchers(MatchResult selector) {
        return selector.group(2) == null ? "" : selector.group(2);
    }

    @Test
    void expressionsSelectSeriesOfThePage() {
        assertThat(targets())
                .isNotEmpty()
                .extracting(target -> target.getString("expr"))
                .allSatisfy(
                        expression ->
                                assertThat(selectors(expression))
                                        .as(expression)
                                        .isNotEmpty()
                                        .allMatch(this::findsSamples));
    }

    private boolean findsSamples(MatchResult selector) {
        String matchers = matchers(selector);
        return MATCHER.matcher(matchers).replaceAll("").isEmpty()
                && page.samples(selector.group(1)).stream()
                        .anyMatch(
                                sample ->
                                        MATCHER.matcher(matchers)
                                                .results()
                                                .allMatch(one -> agrees(sample.labels(), one)));
    }

    private static boolean agrees(Map<String, String> labels, MatchResult matcher) {
        String label = matcher.group(1);
        String actual = labels.get(label);
        if (actual == null && !OF_THE_SCRAPE.contains(label)) {
            return false;
        }
        String value = matcher.group(3);
        return switch (matcher.group(2)) {
            case "=~" -> value.equals("$" + label);
            case "!=" -> !value.equals(actual);
            default -> value.equals(actual);
        };
    }

    @Test
    void expressionsFollowTheVariables() {
        Set<String> names =
                variables().stream()
                        .map(variable -> variable.getString("name"))
                        .collect(Collectors.toSet());

        assertThat(names).containsExactlyInAnyOrder("datasource", "instance", "database", "user");
        assertThat(targets())
                .flatExtracting(target -> selectors(target.getString("expr")))
                .allSatisfy(
                        selector -> {
                            Set<String> wanted = labels(selector);
                            wanted.retainAll(names);
                            assertThat(VARIABLE.matcher(matchers(selector)).results())
                                    .as(selector.group())
                                    .extracting(found -> found.group(1))
                                    .containsExactlyInAnyOrderElementsOf(wanted);
                        });
    }

    /** Those of the family and of the scrape. */
    private Set<String> labels(MatchResult selector) {
        Set<String> labels = new TreeSet<>(OF_THE_SCRAPE);
        page.samples(selector.group(1)).forEach(sample -> labels.addAll(sample.labels().keySet()));
        return labels;
    }

    @Test
    void groupsAndLegendsNameLabelsThatExist() {
        assertThat(targets())
                .allSatisfy(
                        target -> {
                            String expression = target.getString("expr");
                            Set<String> kept = keptLabels(expression);
                            String legend =
                                    target.getString("legendFormat", "")
                                            + target.getString("textFormat", "");
                            assertThat(LEGEND.matcher(legend).results())
                                    .as(expression)
                                    .allMatch(found -> kept.contains(found.group(1)));
                        });
    }

    /** Labels the result can have. */
    private Set<String> keptLabels(String expression) {
        List<MatchResult> selectors = selectors(expression);
        Set<String> kept = labels(selectors.getFirst());
        selectors.forEach(selector -> kept.retainAll(labels(selector)));
        Set<String> all = Set.copyOf(kept);
        Matcher grouping = GROUPING.matcher(expression);
        while (grouping.find()) {
            List<String> named = Arrays.asList(grouping.group(2).split(", "));
            assertThat(all).as(expression).containsAll(named);
            if (grouping.group(1).equals("by")) {
                kept.retainAll(named);
            }
        }
        return kept;
    }

    @Test
    void variablesAreLabelsOfThePage() {
        assertThat(variables())
                .filteredOn(variable -> variable.getString("type").equals("query"))
                .isNotEmpty()
                .allSatisfy(
                        variable -> {
                            String query = variable.getJsonObject("query").getString("query");
                            Matcher parts = LABEL_VALUES.matcher(query);
                            assertThat(parts.matches()).as(query).isTrue();
                            assertThat(variable.getString("definition")).isEqualTo(query);
                            assertThat(variable.getString("name")).isEqualTo(parts.group(2));
                            assertThat(selectors(parts.group(1)))
                                    .as(query)
                                    .singleElement()
                                    .matches(this::findsSamples)
                                    .matches(one -> labels(one).contains(parts.group(2)));
                        });
    }

    @Test
    void nothingDeprecatedIsAskedFor() throws IOException {
        Set<String> deprecated =
                DEPRECATED
                        .matcher(Files.readString(Path.of("docs/metrics.md")))
                        .results()
                        .map(row -> row.group(1))
                        .collect(Collectors.toSet());

        assertThat(deprecated).isNotEmpty();
        assertThat(targets())
                .flatExtracting(target -> selectors(target.getString("expr")))
                .extracting(selector -> selector.group(1))
                .doesNotContainAnyElementsOf(deprecated);
    }

    @Test
    void panelsHaveTitlesAndQueriesOfTheChosenSource() {
        assertThat(panels()).extracting(panel -> panel.getInteger("id")).doesNotHaveDuplicates();
        assertThat(panels())
                .allSatisfy(panel -> assertThat(panel.getString("title")).isNotBlank())
                .filteredOn(panel -> !panel.getString("type").equals("row"))
                .allSatisfy(
                        panel ->
                                assertThat(panel.getJsonArray("targets"))
                                        .as(panel.getString("title"))
                                        .isNotEmpty()
                                        .map(JsonObject.class::cast)
                                        .extracting(target -> target.getString("expr"))
                                        .allSatisfy(
                                                expression ->
                                                        assertThat(expression)
                                                                .isNotBlank()
                                                                .doesNotContain("#")));
        assertThat(objects(dashboard).filter(object -> object.containsKey("datasource")))
                .extracting(object -> object.getJsonObject("datasource").getString("uid"))
                .containsOnly("${datasource}");
    }

    @Test
    void panelsDoNotOverlap() {
        Set<List<Integer>> taken = new HashSet<>();

        for (JsonObject panel : panels()) {
            JsonObject place = panel.getJsonObject("gridPos");
            int left = place.getInteger("x");
            int top = place.getInteger("y");
            int right = left + place.getInteger("w");
            int bottom = top + place.getInteger("h");
            String title = panel.getString("title");
            assertThat(left).as(title).isNotNegative().isLessThan(right);
            assertThat(top).as(title).isNotNegative().isLessThan(bottom);
            assertThat(right).as(title).isLessThanOrEqualTo(COLUMNS);
            for (int x = left; x < right; x++) {
                for (int y = top; y < bottom; y++) {
                    assertThat(taken.add(List.of(x, y))).as("%s at %d, %d", title, x, y).isTrue();
                }
            }
        }
    }
}
