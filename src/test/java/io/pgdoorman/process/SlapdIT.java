package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.LdapServer;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.Slapd;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Clients whose passwords OpenLDAP checks, in each way in which it can be asked. */
class SlapdIT {
    private static final PostgresServer SERVER = PostgresServer.shared();

    @TempDir static Path directory;

    private static Slapd slapd;
    private static PoolerProcess pooler;

    @BeforeAll
    static void start(@TempDir Path home) {
        Requirement.packagedProgram();
        slapd = Slapd.start(home, Map.of("alice", "her secret", "bob", "his secret"));
        Path authority = Certificates.copy("ca.crt", directory);
        String where = "ldapserver=127.0.0.1 ldapport=%d ".formatted(slapd.port());
        String search =
                "ldapbasedn=\"%s\" ldapbinddn=\"%s\" ldapbindpasswd=\"%s\" "
                        .formatted(LdapServer.BASE, LdapServer.READER, LdapServer.READER_PASSWORD);
        var builder =
                PoolerProcess.builder()
                        .hba(
                                String.join(
                                        "\n",
                                        line(
                                                "simple",
                                                where,
                                                "ldapprefix=\"uid=\" ldapsuffix=\","
                                                        + LdapServer.PEOPLE
                                                        + "\""),
                                        line("search", where, search),
                                        line(
                                                "starttls",
                                                where,
                                                search,
                                                "ldaptls=1 ldapcacert=" + authority),
                                        line(
                                                "ldaps",
                                                "ldapserver=127.0.0.1 ldapport=%d ldapscheme=ldaps "
                                                        .formatted(slapd.tlsPort()),
                                                search,
                                                "ldapcacert=" + authority)));
        for (String pool : List.of("simple", "search", "starttls", "ldaps")) {
            builder.pool(
                    pool,
                    PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction"),
                    user("alice"),
                    user("bob"),
                    user("carol"));
        }
        pooler = builder.start();
    }

    private static String line(String database, String... options) {
        return "host %s all 127.0.0.1/32 ldap %s".formatted(database, String.join("", options));
    }

    private static String user(String name) {
        return PoolerProcess.Builder.user(
                name,
                1,
                "server_username = \"%s\"".formatted(PostgresServer.APP),
                "server_password = \"\"");
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        if (slapd != null) {
            slapd.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "search", "starttls", "ldaps"})
    void openLdapDecides(String pool) {
        assertDecides(pool);

        slapd.restart(); // what was open is closed

        assertDecides(pool);
        pooler.handOver();
        assertDecides(pool);
        assertThat(pooler.log()).doesNotContain("her secret", "his secret", "reader secret");
    }

    private static void assertDecides(String pool) {
        assertThat(login(pool, "alice", "her secret")).isEqualTo("in");
        assertThat(login(pool, "bob", "his secret")).isEqualTo("in");
        assertThat(login(pool, "alice", "his secret"))
                .isEqualTo("28000 LDAP authentication failed for user \"alice\"");
        assertThat(login(pool, "carol", "her secret"))
                .isEqualTo("28000 LDAP authentication failed for user \"carol\"");
    }

    private static String login(String pool, String user, String password) {
        try (WireClient client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, password, pool);
            return answer.getLast().type() == 'Z'
                    ? client.queryValue("SELECT 'in'")
                    : answer.getLast().sqlState() + " " + answer.getLast().field('M');
        }
    }
}
