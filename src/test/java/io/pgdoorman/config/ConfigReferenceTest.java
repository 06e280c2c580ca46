package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Holds the manual and the example files to the table of keys; see the manual for writing them. */
class ConfigReferenceTest {
    private static final Path MANUAL = Path.of("docs/configuration.md");
    private static final Path EXAMPLE = Path.of("pg_doorman.toml.example");
    private static final boolean WRITE = Boolean.getBoolean("pgdoorman.reference.write");

    @Test
    void theManualHasTheSettingsOfTheTable() throws Exception {
        String manual = Files.readString(MANUAL);
        String expected =
                filled(
                        filled(manual, "settings", ConfigReference.markdown()),
                        "not in effect",
                        ConfigReference.notInEffect());
        if (WRITE) {
            Files.writeString(MANUAL, expected);
        } else {
            assertThat(manual).isEqualTo(expected);
        }
    }

    @Test
    void theExampleFileHasTheSettingsOfTheTable() throws Exception {
        String expected = ConfigReference.exampleToml();
        if (WRITE) {
            Files.writeString(EXAMPLE, expected);
        } else {
            assertThat(Files.readString(EXAMPLE)).isEqualTo(expected);
        }
    }

    @Test
    void theExampleFileLoadsWithoutAProblem() {
        LoadResult result = ConfigLoader.load(EXAMPLE);

        assertThat(result.problems()).isEmpty();
        assertThat(result.config()).isPresent();
    }

    @ParameterizedTest
    @MethodSource("sections")
    void theExampleFileShowsEveryKeyOfASection(Section section, String heading) throws Exception {
        String text = uncommented(Files.readString(EXAMPLE));
        String part =
                Stream.of(text.split("(?m)^(?=\\[)"))
                        .filter(each -> each.startsWith(heading))
                        .findFirst()
                        .orElseThrow();

        assertThat(section.keys().map(Key::name))
                .allMatch(key -> Pattern.compile("(?m)^" + key + " = ").matcher(part).find());
    }

    static Stream<Object[]> sections() {
        return Stream.of(
                new Object[] {Schema.INCLUDE, "[include]"},
                new Object[] {Schema.GENERAL, "[general]"},
                new Object[] {Schema.TLS_CERTIFICATE, "[[general.tls_certificates]]"},
                new Object[] {Schema.WEB, "[web]"},
                new Object[] {Schema.TALOS, "[talos]"},
                new Object[] {Schema.POOL, "[pools.exampledb]"},
                new Object[] {Schema.USER, "[[pools.exampledb.users]]"},
                new Object[] {Schema.AUTH_QUERY, "[pools.exampledb.auth_query]"});
    }

    @Test
    void everyValueOfTheExampleFileIsGood() throws Exception {
        // pg_hba and hba exclude each other, so do the places of one password; the file of rules
        // is the other example
        String text =
                uncommented(Files.readString(EXAMPLE))
                        .replaceFirst("(?m)^hba = .*", "")
                        .replaceAll(
                                "(?m)^(server_)?(password_file|password_command|passfile) = .*", "")
                        .replace("\"pg_hba.conf\"", "\"pg_hba.conf.example\"");

        assertThat(Configs.problems(text)).isEmpty();
    }

    @Test
    void theExampleRulesAreGood() throws Exception {
        var problems = new ArrayList<Problem>();

        HbaRules rules =
                HbaRules.parse(
                        Files.readString(Path.of("pg_hba.conf.example")),
                        "example",
                        Path.of(""),
                        problems::add);

        assertThat(problems).isEmpty();
        assertThat(rules.rules()).hasSize(10);
    }

    @ParameterizedTest
    @MethodSource("manualBlocks")
    void everyBlockOfTheManualLoads(String format, String block) {
        assertThat(ConfigLoader.parse(block, "manual." + format).problems()).isEmpty();
    }

    static List<Object[]> manualBlocks() throws Exception {
        var matcher =
                Pattern.compile("(?s)```(toml|yaml)\n(.*?)```").matcher(Files.readString(MANUAL));
        var blocks = new ArrayList<Object[]>();
        while (matcher.find()) {
            blocks.add(new Object[] {matcher.group(1), matcher.group(2)});
        }
        assertThat(blocks).isNotEmpty();
        return blocks;
    }

    @Test
    void theRulesShownInTheManualAreGood() throws Exception {
        var matcher = Pattern.compile("(?s)```\n(# type.*?)```").matcher(Files.readString(MANUAL));
        assertThat(matcher.find()).isTrue();
        var problems = new ArrayList<Problem>();

        HbaRules rules = HbaRules.parse(matcher.group(1), "manual", Path.of(""), problems::add);

        assertThat(problems).isEmpty();
        assertThat(rules.rules()).hasSize(3);
    }

    /** Commented settings begin with # and no blank; comments have one. */
    private static String uncommented(String example) {
        return example.replaceAll("(?m)^#(?=[a-z\\[])", "");
    }

    private static String filled(String text, String part, String content) {
        String begin = "<!-- generated: " + part + " -->\n";
        int from = text.indexOf(begin) + begin.length();
        int to = text.indexOf("<!-- end -->", from);
        assertThat(from).isGreaterThanOrEqualTo(begin.length());
        assertThat(to).isGreaterThan(0);
        return text.substring(0, from) + content + text.substring(to);
    }
}
