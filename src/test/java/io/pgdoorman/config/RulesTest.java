package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every rule, at its limit and beyond. */
class RulesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port = 0",
                "port = 65535",
                "max_connections = 1",
                "worker_threads = 1",
                "worker_threads = 1024",
                "max_blocking_threads = 1",
                "max_concurrent_creates = 1",
                "scaling_max_parallel_creates = 1",
                "scaling_warm_pool_ratio = 0",
                "scaling_warm_pool_ratio = 100",
                "retain_connections_time = 1",
                "retain_connections_max = 0",
                "connect_timeout = 1",
                "query_wait_timeout = 0",
                "idle_timeout = 0",
                "server_lifetime = 0",
                "server_idle_check_timeout = '0s'",
                "server_login_retry = 0",
                "login_timeout = 1",
                "shutdown_timeout = 0",
                "idle_timeout = '36500d'",
                "unix_socket_mode = '777'",
                "unix_socket_mode = ' 0o000 '",
                "tcp_socket_buffer_size = 65536",
                "tcp_socket_buffer_size = 2147483647",
                "tcp_keepalives_idle = 32767",
                "tcp_keepalives_count = 127",
                "tcp_keepalives_count = 0",
                "tcp_so_linger = '2s'",
                "max_memory_usage = 1",
                "tls_rate_limit_per_second = 0",
                "tls_rate_limit_per_second = 100",
                "prepared_statements_cache_size = 1",
                "server_prepared_statements_cache_size = 0",
                "query_interner_gc_interval_seconds = 1",
                "query_interner_anon_idle_ttl_seconds = 0",
                "fallback_cooldown = '1s'",
                "fallback_lifetime = '30s'",
                "transport = 'AUTO'",
                "connect_timeout = ' +3 S '",
                "hba = []"
            })
    void takesGeneralValuesAtTheLimit(String key) {
        assertThat(Configs.problems(Configs.withGeneral(key))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "port = 65536 | from 0 to 65535, is 65536",
                "port = -1 | from 0 to 65535, is -1",
                "max_connections = 0 | from 1 to",
                "max_connections = 2147483648 | from 1 to 2147483647",
                "worker_threads = 0 | from 1 to 1024, is 0",
                "worker_threads = 1025 | from 1 to 1024",
                "max_blocking_threads = 0 | from 1 to",
                "max_concurrent_creates = 0 | from 1 to",
                "scaling_max_parallel_creates = 0 | from 1 to",
                "scaling_warm_pool_ratio = 101 | from 0 to 100",
                "retain_connections_time = 0 | must be > 0",
                "connect_timeout = 0 | must be > 0",
                "login_timeout = '0s' | must be > 0",
                "proxy_copy_data_timeout = 0 | must be > 0",
                "idle_timeout = '36501d' | at most 100 years",
                "idle_timeout = '9223372036854775807d' | must be a duration",
                "idle_timeout = -1 | must be a duration",
                "idle_timeout = '-1s' | must be a duration",
                "idle_timeout = '1.5s' | must be a duration",
                "idle_timeout = '1h30m' | must be a duration",
                "idle_timeout = '1us' | must be a duration",
                "idle_timeout = '' | must be a duration",
                "unix_socket_mode = '1000' | sets bits outside 0o777",
                "unix_socket_mode = '08' | not a valid octal number",
                "unix_socket_mode = '' | not a valid octal number",
                "tcp_socket_buffer_size = '2GB' | must be below 2GB",
                "unix_socket_buffer_size = '2GB' | must be below 2GB",
                "max_memory_usage = 0 | must be > 0",
                "max_memory_usage = '1TB' | must be a byte size",
                "max_memory_usage = '1.5GB' | must be a byte size",
                "max_memory_usage = '1KiB' | must be a byte size",
                "tcp_keepalives_idle = 32768 | must be whole seconds, at most 32767",
                "tcp_keepalives_count = 128 | from 0 to 127",
                "tcp_so_linger = '1500ms' | must be whole seconds",
                "tls_mode = 'REQUIRE' | must be one of",
                "tls_mode = 'require' | tls_certificate and tls_private_key are not set",
                "tls_certificate = 'c' | is set but tls_private_key is not",
                "tls_private_key = 'k' | is set but tls_certificate is not",
                "tls_certificate = '' | must be a path, is empty",
                "tls_rate_limit_per_second = 99 | must be 0 or at least 100",
                "tls_rate_limit_per_second = 101 | must be a multiple of 100",
                "tls_min_version = '1.1' | must be one of \"TLSv1.2\", \"TLSv1.3\", is \"1.1\"",
                "tls_cipher_suites = ['AES128-SHA'] | \"AES128-SHA\" is not one of",
                "tls_cipher_suites = [] | cannot be an empty list",
                "tls_crl = 'c' | is set but tls_ca_cert is not",
                "tls_certificates = 'c' | must be a list of tables",
                "tls_certificates = [{certificate = 'c', private_key = 'k'}] | needs general.tls_cert",
                "server_tls_mode = 'never' | must be one of",
                "server_tls_mode = 'verify-ca' | server_tls_ca_cert is not set",
                "server_tls_negotiation = 'direct' | must be require or stronger",
                "server_tls_certificate = 'c' | server_tls_private_key is not",
                "server_tls_private_key = 'k' | server_tls_certificate is not",
                "transport = 'kqueue' | must be one of \"epoll\", \"io_uring\", \"auto\"",
                "prepared_statements_cache_size = 0 | must be > 0 while prepared_statements",
                "query_interner_gc_interval_seconds = 0 | must be > 0",
                "patroni_api_urls = [] | cannot be an empty list",
                "patroni_api_urls = ['ftp://a'] | must start with http:// or https://",
                "patroni_api_urls = ['http://a b'] | invalid URL",
                "fallback_cooldown = 0 | must be > 0",
                "patroni_api_timeout = 0 | must be > 0",
                "fallback_connect_timeout = 0 | must be > 0",
                "fallback_lifetime = 0 | must be > 0",
                "startup_parameters = {role = 'x'} | is reserved and managed by pg_doorman"
            })
    void refusesGeneralValuesBeyondTheLimit(String key, String expected) {
        assertThat(Configs.problems(Configs.withGeneral(key)))
                .singleElement()
                .asString()
                .startsWith("ERROR test.toml:4: general." + key.substring(0, key.indexOf(' ')))
                .contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp_socket_buffer_size = 65535 | slows transfers down",
                "tcp_socket_buffer_size = 1 | slows transfers down",
                "fallback_cooldown = 999 | is very short",
                "fallback_lifetime = '31s' | is longer than fallback_cooldown"
            })
    void warnsOfDoubtfulGeneralValues(String key, String expected) {
        assertThat(Configs.problems(Configs.withGeneral(key)))
                .anySatisfy(text -> assertThat(text).startsWith("WARNING").contains(expected))
                .allSatisfy(text -> assertThat(text).startsWith("WARNING"));
    }

    @Test
    void refusesBothFormsOfHbaUnlessTheListIsEmpty() {
        var rules = "pg_hba = \"local all all trust\"\n";

        assertThat(Configs.problems(Configs.withGeneral(rules + "hba = [\"::/0\"]")))
                .containsExactly(
                        "ERROR test.toml:5: general.hba: cannot be set together with pg_hba");
        assertThat(Configs.problems(Configs.withGeneral(rules + "hba = []"))).isEmpty();
    }

    @Test
    void warnsThatTheListOfNetworksLeavesUnixSocketsOpen() {
        assertThat(
                        Configs.problems(
                                Configs.withGeneral("unix_socket_dir = \"/x\"\nhba = [\"::/0\"]")))
                .containsExactly(
                        "WARNING test.toml:5: general.hba: does not restrict the Unix socket; use"
                                + " pg_hba for that");
    }

    @Test
    void warnsThatACertificateIsNotUsedWhenTlsIsOff() {
        var keys = "tls_mode = 'disable'\ntls_certificate = 'c'\ntls_private_key = 'k'";

        assertThat(Configs.problems(Configs.withGeneral(keys)))
                .containsExactly(
                        "WARNING test.toml:4: general.tls_mode: is disable, so the certificate is"
                                + " not used");
    }

    @Test
    void aFurtherCertificateNeedsItsKey() {
        var keys =
                "tls_certificate = 'c'\ntls_private_key = 'k'\n"
                        + "tls_certificates = [{certificate = 'd'}]";

        assertThat(Configs.problems(Configs.withGeneral(keys)))
                .containsExactly(
                        "ERROR test.toml:6: general.tls_certificates.0.private_key: missing, is"
                                + " required");
    }

    @Test
    void verifyFullNeedsAnAuthority() {
        var keys = "tls_mode = 'verify-full'\ntls_certificate = 'c'\ntls_private_key = 'k'";

        assertThat(Configs.problems(Configs.withGeneral(keys)))
                .containsExactly(
                        "ERROR test.toml:4: general.tls_mode: is verify-full but tls_ca_cert is not"
                                + " set");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "server_host = '' | cannot be empty",
                "server_port = 0 | from 1 to 65535",
                "connect_timeout = 0 | must be > 0",
                "pool_mode = 'statement' | must be one of",
                "scaling_warm_pool_ratio = 101 | from 0 to 100",
                "patroni_api_urls = [] | cannot be an empty list",
                "fallback_lifetime = 0 | must be > 0",
                "server_tls_mode = 'verify-full' | server_tls_ca_cert is not set",
                "server_tls_certificate = 'c' | server_tls_private_key is not",
                "startup_parameters = {a = 'x', A = 'y'} | are the same parameter",
                "users = 5 | must be a list of tables",
                "users = [5] | must be a table, is an integer",
                "auth_query = 5 | must be a table",
                "auth_query = {query = '', user = 'u'} | cannot be empty",
                "auth_query = {query = 'q', user = ' '} | cannot be empty",
                "auth_query = {user = 'u'} | missing, is required",
                "auth_query = {query = 'q', user = 'u', workers = 0} | from 1 to",
                "auth_query = {query = 'q', user = 'u', pool_size = 0} | from 1 to",
                "auth_query = {query = 'q', user = 'u', min_pool_size = 41} | must be <= pool_size",
                "auth_query = {query = 'q', user = 'u', server_password = 'p'} | requires server_user",
                "users = [{username = '', password = ''}] | cannot be empty",
                "users = [{password = ''}] | missing, is required",
                "server_database = '' | cannot be empty",
                "application_name = \"a\\u0000\" | contains a null byte",
                "users = [{username = \"a\\u0000\", password = ''}] | contains a null byte",
                "users = [{username = 'u', password = \"a\\u0000\"}] | contains a null byte",
                "users = [{username = 'u', password = '', pool_size = 0}] | from 1 to",
                "users = [{username = 'u', password = '', min_pool_size = 41}] | cannot be larger",
                "users = [{username = 'u', password = '', server_password = ''}] | requires server_username",
                "users = [{username = 'u', password = ''}, {username = 'u', password = ''}] | duplicate"
            })
    void refusesPoolValuesBeyondTheLimit(String key, String expected) {
        assertThat(Configs.problems(Configs.MINIMAL + key))
                .singleElement()
                .asString()
                .startsWith("ERROR test.toml:")
                .contains(" pools.app." + key.substring(0, key.indexOf(' ')), expected);
    }

    @Test
    void theMinimumsOfAllUsersMustFitTheBoundOfTheDatabase() {
        var users = "users = [{username = 'u', password = '', pool_size = 9, min_pool_size = 9}]\n";

        assertThat(Configs.problems(Configs.MINIMAL + "max_db_connections = 9\n" + users))
                .isEmpty();
        assertThat(Configs.problems(Configs.MINIMAL + "max_db_connections = 8\n" + users))
                .containsExactly(
                        "ERROR test.toml:6: pools.app.max_db_connections: sum of min_pool_size (9)"
                                + " exceeds max_db_connections (8)",
                        "WARNING test.toml:7: pools.app.users.0.pool_size: 9 is larger than"
                                + " max_db_connections of 8");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "reserve_pool_size = 11 | is larger than max_db_connections",
                "min_connection_lifetime = '11m' | is longer than idle_timeout",
                "reserve_pool_timeout = '6s' | is longer than general.query_wait_timeout",
            })
    void warnsOfDoubtfulBounds(String key, String expected) {
        var text = Configs.MINIMAL + key + "\n";

        assertThat(Configs.problems(text)).isEmpty();
        assertThat(Configs.problems(text + "max_db_connections = 10"))
                .singleElement()
                .asString()
                .startsWith("WARNING test.toml:6: pools.app." + key.substring(0, key.indexOf(' ')))
                .contains(expected);
    }

    @Test
    void warnsOfAGuaranteeLargerThanAPool() {
        var text =
                Configs.MINIMAL
                        + "max_db_connections = 50\nmin_guaranteed_pool_size = 5\n"
                        + "users = [{username = 'u', password = '', pool_size = 4}]";

        assertThat(Configs.problems(text))
                .containsExactly(
                        "WARNING test.toml:8: pools.app.users.0.pool_size: 4 is smaller than"
                                + " min_guaranteed_pool_size of 5");
    }

    @Test
    void warnsOfAPoolNamedLikeTheConsole() {
        assertThat(Configs.problems(Configs.MINIMAL + "[pools.pgbouncer]"))
                .containsExactly(
                        "WARNING test.toml:6: pools.pgbouncer: is the admin console's name, so"
                                + " clients cannot reach this pool");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "host = 'localhost' | ERROR | web.host: must be an IP address",
                "port = 65536 | ERROR | from 0 to 65535",
                "trusted_proxies = ['10.0.0.1'] | ERROR | must be an address with a prefix length",
                "sso_enabled = true | WARNING | stays off, sso_public_key_file is missing"
            })
    void checksTheWebSection(String key, String severity, String expected) {
        assertThat(Configs.problems(Configs.MINIMAL + "[web]\n" + key))
                .first()
                .asString()
                .startsWith(severity)
                .contains(expected);
    }

    @Test
    void warnsThatTheInterfaceStaysOffWithAWeakPassword() {
        var text = Configs.MINIMAL.replace("top-secret", "admin") + "[web]\nui = true\n";

        assertThat(Configs.problems(text))
                .containsExactly(
                        "WARNING test.toml:7: web.ui: stays off while admin_password is empty or"
                                + " \"admin\"");
    }

    @Test
    void adminNeedsAName() {
        assertThat(Configs.problems(Configs.MINIMAL.replace("\"admin\"", "\"\"")))
                .containsExactly("ERROR test.toml:2: general.admin_username: cannot be empty");
    }

    @Test
    void aPoolNeedsAName() {
        assertThat(Configs.problems(Configs.MINIMAL + "[pools.\"\"]"))
                .containsExactly(
                        "ERROR test.toml:6: pools.\"\": the name cannot be empty or contain a null"
                                + " byte");
    }

    @Test
    void aBadUrlIsNotShownAsItCouldHoldAPassword() {
        for (String url : new String[] {"ftp://u:hunter2@a", "http://u:hunter2@a b"}) {
            assertThat(Configs.problems(Configs.withGeneral("patroni_api_urls = ['" + url + "']")))
                    .singleElement()
                    .asString()
                    .contains("invalid URL")
                    .doesNotContain("hunter2");
        }
    }
}
