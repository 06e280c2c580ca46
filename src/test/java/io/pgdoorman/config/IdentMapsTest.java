package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

class IdentMapsTest {
    @TempDir Path directory;

    private final List<String> problems = new ArrayList<>();

    /** The example of PostgreSQL's manual, and its corners. */
    @ParameterizedTest
    @CsvSource({
        "omicron, bryanh, bryanh, true",
        "omicron, ann, ann, true",
        "omicron, robert, bob, true",
        "omicron, robert, robert, false",
        "omicron, bryanh, guest1, true",
        "omicron, bryanh, ann, false",
        "delta, bryanh, bryanh, false",
        "mail, alice@mydomain.com, alice, true",
        "mail, alice@mydomain.com, bob, false",
        "mail, alice@otherdomain.com, guest, true",
        "mail, alice@evil.com, guest, false",
        "mail, alice@mydomain.com.evil.com, alice, false",
        "mail, all@mydomain.com, bob, false",
        "twice, x, x-x, true",
        "any, root, whoever, true",
        "any, quoted, all, true",
        "any, quoted, whoever, false",
        "any, admin, dba_7, true",
        "any, admin, dba_x, false",
        "any, plain, '\\1', true",
        "any, literal5, '\\1', true",
        "any, literal5, 5, false",
        "any, opt, nobody, false",
        "any, a b, ab, true"
    })
    void mapsNames(String map, String systemUser, String databaseUser, boolean allowed)
            throws Exception {
        IdentMaps maps =
                read(
                        """
                        # MAPNAME  SYSTEM-USERNAME  PG-USERNAME
                        omicron  bryanh  bryanh
                        omicron  ann     ann
                        # bob has user name robert on these machines
                        omicron  robert  bob
                        omicron  bryanh  guest1
                        mail  /^(.*)@mydomain\\.com$     \\1
                        mail  /^(.*)@otherdomain\\.com$  guest
                        twice /^(.*)$    \\1-\\1
                        any   root       all
                        any   quoted     "all"
                        any   admin      "/^dba_[0-9]$"
                        any   plain      \\1
                        any   /^literal(.)$  "\\1"
                        any   /^opt(x)?$ \\1nobody
                        any   "a b"      ab
                        """);

        assertThat(problems).isEmpty();
        assertThat(maps.allows(map, systemUser, databaseUser)).isEqualTo(allowed);
    }

    /** PostgreSQL 15 was asked what it captures. */
    @ParameterizedTest
    @CsvSource({
        "^(app|app_ro)(_.*)?$, app_ro, app_ro",
        "^(app|app_ro)(_.*)?$, app_x, app",
        "^(a|ab)(c|bcd)?$, ab, ab",
        "^(a|ab)(c|bcd)?$, abc, ab",
        "^(a|ab)(c|bcd)?$, abcd, a",
        "^(a|ab)(c|bcd)(d*)$, abcd, ab",
        "^(?:a|ab)(c|bcd)d*$, abcd, c",
        "^.*-(.*)@, a-b@c-d@e, d",
        "(a|ab), xab, ab",
        "^x(a*)?$, x, ''",
        "^x(a+)?$, x,",
        "^(.)(.*)$, \uD83D\uDE00x, \uD83D\uDE00"
    })
    void capturesWhatPostgreSqlCaptures(String regex, String name, String captured) {
        String template = "\\1";

        IdentMaps maps =
                IdentMaps.parse("m /%s %s".formatted(regex, template), "", directory, _ -> {});

        if (captured == null) {
            assertThat(maps.allows("m", name, "")).isFalse();
        } else {
            assertThat(maps.allows("m", name, captured)).isTrue();
        }
    }

    /** What they capture in PostgreSQL depends on more than is looked at here. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "^(a)*$",
                "^(?:(a)|b)$",
                "^(a)$|^b$",
                "^(a){2}$",
                "^(a*?)b$",
                "^a+?(b)$",
                "(^a)",
                "(\\Aa)",
                "(a$)",
                "a$(b?)",
                "(a?)^b"
            })
    void refusesGroupsWhoseCaptureIsNotKnown(String regex) {
        IdentMaps maps =
                IdentMaps.parse(
                        "m /%s \\1\nn /%s a".formatted(regex, regex),
                        "ident",
                        directory,
                        problem -> problems.add(problem.text()));

        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("ident:1: regular expression /" + regex + ", for \\1: ");
        assertThat(maps.has("n")).isTrue();
    }

    @Test
    void aLongNameHasNoCapture() {
        IdentMaps maps = IdentMaps.parse("m /^(a)a*$ \\1", "", directory, _ -> {});

        assertThat(maps.allows("m", "a".repeat(FirstGroup.MAX_CHARACTERS), "a")).isTrue();
        assertThat(maps.allows("m", "a".repeat(FirstGroup.MAX_CHARACTERS + 1), "a")).isFalse();
    }

    @Test
    void takesIncludedFiles() throws Exception {
        Files.writeString(directory.resolve("more"), "m a b");

        IdentMaps maps = read("include more\ninclude_if_exists none");

        assertThat(problems).isEmpty();
        assertThat(maps.has("m")).isTrue();
        assertThat(maps.has("n")).isFalse();
        assertThat(maps.allows("m", "a", "b")).isTrue();
    }

    @Test
    void reportsEachBadLine() throws Exception {
        read(
                """
                m a
                m a b c
                m a,b c
                m /( c
                m c /(
                m /^a$ \\1
                m a +role
                m "a b
                include gone
                m good one
                """);

        assertThat(problems)
                .hasSize(9)
                .anyMatch(p -> p.equals(":1: expected MAP SYSTEM_USER DATABASE_USER"))
                .anyMatch(p -> p.equals(":2: expected MAP SYSTEM_USER DATABASE_USER"))
                .anyMatch(p -> p.equals(":3: expected one name, got a,b"))
                .anyMatch(p -> p.startsWith(":4: regular expression /(: missing closing )"))
                .anyMatch(p -> p.startsWith(":5: regular expression /(: missing closing )"))
                .anyMatch(p -> p.equals(":6: regular expression /^a$, for \\1: captures nothing"))
                .anyMatch(p -> p.startsWith(":7: +role is not supported"))
                .anyMatch(p -> p.equals(":8: a quotation mark is not closed"))
                .anyMatch(p -> p.startsWith(":9: ") && p.endsWith("no such file"));
    }

    private IdentMaps read(String text) throws IOException {
        Path file = directory.resolve("pg_ident.conf");
        Files.writeString(file, text);
        return IdentMaps.read(
                file, problem -> problems.add(problem.text().replace(file.toString(), "")));
    }
}
