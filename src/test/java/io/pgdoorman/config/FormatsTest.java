package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TOML and YAML say the same, in every shape that either has. */
class FormatsTest {
    private static final String TOML =
            """
            [general]
            port = 6432
            connect_timeout = "2s"
            idle_timeout = 5000
            max_memory_usage = "1KB"
            unix_socket_mode = "0600"
            admin_username = "admin"
            admin_password = "yes"
            tcp_no_delay = false
            hba = ["10.0.0.0/8"]

            [general.startup_parameters]
            work_mem = "4MB"

            [web]
            trusted_proxies = ["::1/128"]

            [pools."a.b"]
            server_host = "db"

            [[pools."a.b".users]]
            username = "u"
            password = "p"
            pool_size = 3

            [[pools."a.b".users]]
            username = "v"
            password = ""
            """;
    private static final String YAML =
            """
            general:
              port: 6432
              connect_timeout: 2s
              idle_timeout: 5000
              max_memory_usage: 1KB
              unix_socket_mode: 0600      # an integer with a leading zero is a string
              admin_username: admin
              admin_password: yes         # a string in YAML 1.2
              tcp_no_delay: false
              hba: [10.0.0.0/8]
              startup_parameters:
                work_mem: 4MB
              unix_socket_dir:            # nothing: left out
            web:
              trusted_proxies:
                - "::1/128"
            include:
            pools:
              a.b:
                server_host: db
                users:
                  - username: u
                    password: p
                    pool_size: 3
                  - {username: v, password: ""}
            """;

    @Test
    void yamlLoadsAsToml() {
        Config toml = load(TOML, "a.toml");
        Config yaml = load(YAML, "a.toml.YAML");

        assertThat(yaml.general()).isEqualTo(toml.general());
        assertThat(yaml.pools()).isEqualTo(toml.pools());
        assertThat(yaml.web()).isEqualTo(toml.web());
        assertThat(yaml.settings()).isEqualTo(toml.settings());
    }

    @Test
    void tomlLoadsTheSameFromOtherShapes() {
        var shapes =
                """
                general = {port = 6432, connect_timeout = "2000ms", idle_timeout = "5s", \
                max_memory_usage = 1024, unix_socket_mode = "0o600", admin_username = "admin", \
                admin_password = "yes", tcp_no_delay = false, hba = ["10.0.0.0/8"], \
                startup_parameters.work_mem = "4MB"}
                prometheus.trusted_proxies = ["::1/128"]
                pools."a.b".server_host = "db"
                pools."a.b".users.0 = {username = "u", password = "p", pool_size = 3}
                pools."a.b".users.1 = {username = "v", password = ""}
                """;

        Config config = load(shapes, "other.conf");

        assertThat(config.general()).isEqualTo(load(TOML, "a.toml").general());
        assertThat(config.pools()).isEqualTo(load(TOML, "a.toml").pools());
        assertThat(config.web()).isEqualTo(load(TOML, "a.toml").web());
    }

    @Test
    void yamlLoadsTheSameFromNumberedUsersAndAnchors() {
        var shapes =
                YAML.replaceFirst(
                        "(?s)users:.*",
                        """
                        users:
                              "0": &user {username: u, password: p, pool_size: 3}
                              1: {username: v, password: ""}
                          other:
                            users: [*user]
                        """);

        Config config = load(shapes, "a.yml");

        assertThat(config.pools().get("a.b")).isEqualTo(load(TOML, "a.toml").pools().get("a.b"));
        assertThat(config.pools().get("other").user("u")).isPresent();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port: '5432' | must be an integer from 0 to 65535, is \"5432\"",
                "port: 5432.0 | must be an integer from 0 to 65535, is a float",
                "port: -1 | must be an integer from 0 to 65535, is -1",
                "port: 99999999999999999999 | an integer out of range",
                "tcp_no_delay: yes | must be true or false, is \"yes\"",
                "tcp_no_delay: 1 | must be true or false, is 1",
                "host: 5 | must be a string, is 5",
                "host: true | must be a string, is true",
                "unix_socket_mode: 600 | must be an octal string",
                "startup_parameters: {statement_timeout: 5000} | must be a string, is 5000",
                "startup_parameters: [a] | must be a table, is a list",
                "hba: 10.0.0.0 | unknown connection type 10.0.0.0",
                "hba: [10.0.0.1] | must be an address with a prefix length",
                "hba: [10.0.0.0/33] | must be an address with a prefix length",
                "pg_hba: {file: x} | unknown field file, expected path or content",
                "pg_hba: {} | expected either path or content",
                "pg_hba: 5 | must be a text, or a table with `path` or `content`, is an integer"
            })
    void typesAreStrict(String entry, String expected) {
        var text = "general: {admin_username: a, admin_password: a, " + entry + "}\npools: {}\n";

        LoadResult result = ConfigLoader.parse(text, "a.yaml");

        assertThat(result.config()).isEmpty();
        assertThat(result.problems()).singleElement().asString().contains(expected);
    }

    @Test
    void yamlWarnsOfAKeyGivenTwiceAndTomlRefusesIt() {
        var yaml = "general: {admin_username: a, admin_password: a, port: 1, port: 2}\npools: {}\n";
        var toml = Configs.withGeneral("port = 1\nport = 2");

        LoadResult lenient = ConfigLoader.parse(yaml, "a.yaml");

        assertThat(lenient.config().orElseThrow().general().listen().port()).isEqualTo(2);
        assertThat(lenient.problems())
                .singleElement()
                .asString()
                .isEqualTo("WARNING a.yaml:1: port: is given twice, the last one counts");
        assertThat(ConfigLoader.parse(toml, "a.toml").config()).isEmpty();
    }

    @Test
    void anEmptyYamlSectionIsMissing() {
        var text = "general: {admin_username: a, admin_password: a}\npools:\n";

        assertThat(ConfigLoader.parse(text, "a.yaml").problems())
                .extracting(Problem::toString)
                .containsExactly("ERROR a.yaml:1: pools: missing, is required");
    }

    @ParameterizedTest
    @CsvSource({
        "'', the file is empty",
        "'[]', must be a table of settings at the top level",
        "'5', must be a table of settings at the top level",
        "'a: [~]', a list cannot hold null",
        "'? [a]\n: b', a key must be a word"
    })
    void refusesYamlThatIsNoConfiguration(String text, String expected) {
        LoadResult result = ConfigLoader.parse(text, "a.yaml");

        assertThat(result.config()).isEmpty();
        assertThat(result.problems().toString()).contains(expected);
    }

    @Test
    void syntaxErrorsShowNoSecret() {
        for (String text :
                new String[] {
                    "[general]\nadmin_password = hunter2\n",
                    "[general]\nadmin_password = \"a\" hunter2\n",
                    "[general]\nadmin_password = \"hunter2\\q\"\n",
                    "[general]\nadmin_password = \n hunter2\n",
                }) {
            assertThat(ConfigLoader.parse(text, "a.toml").problems().toString())
                    .as(text)
                    .contains("ERROR")
                    .doesNotContain("hunter");
        }
        for (String text :
                new String[] {
                    "general:\n  admin_password: *hunter2\n",
                    "general:\n  admin_password: @hunter2\n",
                    "general:\n  admin_password: 'hunter2\n",
                    "general:\n  admin_password: !hunter2! x: y\n",
                }) {
            assertThat(ConfigLoader.parse(text, "a.yaml").problems().toString())
                    .as(text)
                    .contains("ERROR")
                    .doesNotContain("hunter");
        }
    }

    private static Config load(String text, String name) {
        return Configs.good(ConfigLoader.parse(text, name));
    }
}
