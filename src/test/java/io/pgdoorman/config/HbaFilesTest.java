package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;

class HbaFilesTest {
    @TempDir Path directory;

    private final List<String> problems = new ArrayList<>();
    private Path main;

    @BeforeEach
    void nameMain() {
        main = directory.resolve("pg_hba.conf");
    }

    @Test
    void aFileOfNamesStandsForItsNames() throws Exception {
        write("users", "bob, \"all\"  # a comment\n\n\"a b\"\n@more\n");
        write("more", "carol\\\n,dave");
        HbaRules rules = read("host all alice,@users all trust");

        assertThat(problems).isEmpty();
        for (String user : List.of("alice", "bob", "all", "a b", "carol", "dave")) {
            assertThat(matches(rules, "d", user)).as(user).isTrue();
        }
        assertThat(matches(rules, "d", "eve")).isFalse();
        assertThat(rules.rules())
                .extracting(HbaRule::text)
                .containsExactly("host all alice,@users all trust");
    }

    @Test
    void keywordsAndExpressionsOfAFileCount() throws Exception {
        write("dbs", "sameuser /^test_");
        HbaRules rules = read("host @dbs all all trust");

        assertThat(problems).isEmpty();
        assertThat(matches(rules, "u", "u")).isTrue();
        assertThat(matches(rules, "test_1", "u")).isTrue();
        assertThat(matches(rules, "d", "u")).isFalse();
    }

    @Test
    void theRulesShownInTheManualAreGood() throws Exception {
        var block =
                Pattern.compile("(?s)```\n(# type.*?)```")
                        .matcher(Files.readString(Path.of("docs/hba.md")));
        assertThat(block.find()).isTrue();
        write("app_users", "app_1\n");

        HbaRules rules = read(block.group(1));

        assertThat(problems).isEmpty();
        assertThat(rules.rules()).hasSize(4);
        assertThat(matches(rules, "app_x", "app_1")).isTrue();
    }

    @Test
    void anEmptyFileOfNamesIsNobody() throws Exception {
        write("users", "# nobody yet\n");

        assertThat(matches(read("host all @users all trust"), "d", "u")).isFalse();
        assertThat(problems).isEmpty();
    }

    @Test
    void includedLinesStandWhereTheyAreIncluded() throws Exception {
        Files.createDirectories(directory.resolve("sub/rules.d"));
        write("sub/one.conf", "# c\nhost one all all trust\ninclude two.conf\n");
        write("sub/two.conf", "host two all all trust");
        write("sub/rules.d/b.conf", "host b all all trust");
        write("sub/rules.d/a.conf", "host a all all trust");
        write("sub/rules.d/.hidden.conf", "nonsense");
        write("sub/rules.d/a.conf~", "nonsense");
        Files.createDirectories(directory.resolve("sub/rules.d/c.conf"));
        HbaRules rules =
                read(
                        """
                        host first all all trust
                        include sub/one.conf
                        include_dir "sub/rules.d"
                        include_if_exists not/there
                        include_if_exists %s
                        host last all all trust
                        """
                                .formatted(directory.resolve("sub/two.conf")));

        assertThat(problems).isEmpty();
        assertThat(rules.rules())
                .extracting(HbaRule::database)
                .containsExactly("first", "one", "two", "a", "b", "two", "last");
        assertThat(rules.rules())
                .extracting(rule -> directory.relativize(Path.of(rule.file())) + ":" + rule.line())
                .containsExactly(
                        "pg_hba.conf:1",
                        "sub/one.conf:2",
                        "sub/two.conf:1",
                        "sub/rules.d/a.conf:1",
                        "sub/rules.d/b.conf:1",
                        "sub/two.conf:1",
                        "pg_hba.conf:6");
    }

    @Test
    void everyBadLineOfEveryFileIsReportedByItsPlace() throws Exception {
        write("one.conf", "nonsense\nhost all all all trsut\nhost all @gone all trust\n");
        read("include one.conf\nx\nhost all \"open all trust\nhost all @gone_too all trust");

        assertThat(problems)
                .containsExactlyInAnyOrder(
                        "pg_hba.conf:2: unknown connection type x",
                        "pg_hba.conf:3: a quotation mark is not closed",
                        "pg_hba.conf:4: gone_too could not open: no such file",
                        "one.conf:3: gone could not open: no such file",
                        "one.conf:1: unknown connection type nonsense",
                        "one.conf:2: method trsut is unknown");
    }

    @Test
    void aChangeInAFileIsAChangeOfTheRules() throws Exception {
        write("users", "alice");
        HbaRules before = read("host all @users all trust");
        assertThat(read("host all @users all trust")).isEqualTo(before);

        write("users", "alice bob");

        assertThat(read("host all @users all trust")).isNotEqualTo(before);
    }

    @Test
    void aFileThatIncludesItselfIsAnError() throws Exception {
        write("a.conf", "include b.conf");
        write("b.conf", "include ./a.conf");
        write("names", "@names");

        read("include pg_hba.conf\ninclude a.conf\nhost all @names all trust");

        assertThat(problems)
                .hasSize(3)
                .allMatch(problem -> problem.contains("names itself, perhaps by others"))
                .anyMatch(problem -> problem.startsWith("pg_hba.conf:1: "))
                .anyMatch(problem -> problem.startsWith("b.conf:1: "))
                .anyMatch(problem -> problem.startsWith("names:1: "));
    }

    @Test
    void filesInsideFilesHaveALimit() throws Exception {
        for (int i = 0; i < 12; i++) {
            write("f" + i, "include f" + (i + 1));
        }
        write("f12", "local all all trust");

        read("include f0");

        assertThat(problems)
                .singleElement()
                .asString()
                .isEqualTo("f8:1: more than 10 files inside each other");
    }

    /** Each file includes the next twenty times: twenty to the power of eight lines. */
    @Test
    @Timeout(60)
    void filesThatMultiplyAreStopped() throws Exception {
        for (int i = 0; i < 8; i++) {
            write("f" + i, ("include f" + (i + 1) + "\n").repeat(20));
        }
        write("f8", "#".repeat(1 << 20));

        read("include f0");

        assertThat(problems).isNotEmpty().allMatch(p -> p.contains("characters in all"));
    }

    @Test
    @Timeout(60)
    void takesHugeFiles() throws Exception {
        var users = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            users.append("user_").append(i).append('\n');
        }
        write("users", users.toString());
        HbaRules rules =
                read("host all @users all trust\n" + "host d2 u 10.0.0.0/8 md5\n".repeat(50_000));

        assertThat(problems).isEmpty();
        assertThat(rules.rules()).hasSize(50_001);
        assertThat(matches(rules, "d", "user_99999")).isTrue();
        assertThat(matches(rules, "d", "user_100000")).isFalse();
    }

    @Test
    void aFileThatIsNoTextIsAnError() throws Exception {
        Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff, 0, (byte) 0xfe});

        read("include binary\nhost all @binary all trust\ninclude .\ninclude /dev/zero");

        assertThat(problems)
                .hasSize(4)
                .allMatch(problem -> problem.startsWith("pg_hba.conf:"))
                .anyMatch(problem -> problem.contains("not valid UTF-8"))
                .anyMatch(problem -> problem.contains("larger than"));
    }

    /** Whatever stands in the files, there is nothing but problems of the load. */
    @Test
    void takesAnyBytes() throws Exception {
        var random = new Random(11);
        var words =
                List.of(
                        "host",
                        "local",
                        "include",
                        "include_dir",
                        "all",
                        "\"",
                        ",",
                        " ",
                        "\n",
                        "\\\n",
                        "\\",
                        "#",
                        "@a",
                        "@b",
                        "@",
                        "/(",
                        "/[a",
                        "/^a$",
                        "10.0.0.0",
                        "/8",
                        "::",
                        "trust",
                        "md5",
                        "a",
                        ".",
                        "+x",
                        "\r\n",
                        "\0",
                        "é",
                        "x=y",
                        "samehost");
        for (int i = 0; i < 400; i++) {
            for (String file : List.of("a", "b", "pg_hba.conf")) {
                var text = new StringBuilder();
                for (int n = random.nextInt(25); n > 0; n--) {
                    text.append(words.get(random.nextInt(words.size())));
                    text.append(random.nextBoolean() ? " " : "");
                }
                write(file, text.toString());
            }

            matches(
                    HbaRules.read(main, IdentMaps.NONE, problem -> problems.add(problem.text())),
                    "a",
                    "b");
        }
        assertThat(problems).isNotEmpty();
    }

    private HbaRules read(String text) throws IOException {
        write("pg_hba.conf", text);
        return HbaRules.read(
                main,
                IdentMaps.NONE,
                problem -> problems.add(problem.text().replace(directory.toString() + "/", "")));
    }

    private static boolean matches(HbaRules rules, String database, String user) {
        var request =
                new HbaRequest(false, false, database, user, InetAddress.ofLiteral("10.0.0.1"));
        return rules.firstMatch(request, "").isPresent();
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }
}
