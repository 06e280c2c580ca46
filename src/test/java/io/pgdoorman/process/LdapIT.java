package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.LdapServer;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Clients whose passwords a directory checks. */
class LdapIT {
    private static final PostgresServer SERVER = PostgresServer.shared();

    @TempDir Path directory;

    @Test
    void aDirectoryChecksPasswordsUntilTheRulesNameAnother() throws IOException {
        Requirement.packagedProgram();
        Path rules = directory.resolve("pg_hba.conf");
        LdapServer first = LdapServer.start("server", directory, false);
        try (LdapServer second = LdapServer.start()) {
            first.person("alice", "her first secret").person("stranger", "his secret");
            second.person("alice", "her other secret");
            Files.writeString(
                    rules,
                    rules(first, "ldaptls=1 ldapcacert=" + Certificates.copy("ca.crt", directory)));
            try (PoolerProcess pooler = start(rules);
                    WireClient admin = pooler.client()) {
                admin.login(PoolerProcess.ADMIN, "pgdoorman");

                assertThat(login(pooler, "alice", "her first secret")).isEqualTo("in");
                assertThat(login(pooler, "alice", "her other secret"))
                        .isEqualTo("28000 LDAP authentication failed for user \"alice\"");
                assertThat(login(pooler, "alice", "")).startsWith("28P01 empty password");
                assertThat(login(pooler, "stranger", "his secret")).startsWith("28000 role");

                Files.writeString(rules, rules(second, ""));
                assertThat(admin.query("RELOAD")).noneMatch(message -> message.type() == 'E');

                assertThat(login(pooler, "alice", "her other secret")).isEqualTo("in");
                assertThat(login(pooler, "alice", "her first secret")).startsWith("28000 LDAP");

                Files.writeString(rules, rules(first, "ldaptls=1 ldapcacert=/nowhere.crt"));
                assertThat(admin.query("RELOAD")).anyMatch(message -> message.type() == 'E');
                second.stop();

                assertThat(login(pooler, "alice", "her other secret"))
                        .isEqualTo(
                                "58000 Authentication service unavailable. Please try again later.");
                assertThat(
                                pooler.logWith(
                                        "bind as \"uid=alice,",
                                        "ldapcacert: /nowhere.crt",
                                        "LDAP: search for (uid=alice)",
                                        "127.0.0.1:" + second.port()))
                        .doesNotContain("her first secret", "her other secret")
                        .doesNotContain(LdapServer.READER_PASSWORD);
            }
        } finally {
            first.close();
        }
    }

    private static String rules(LdapServer server, String more) {
        return """
        host pgdoorman all 127.0.0.1/32 trust
        host all all 127.0.0.1/32 ldap ldapserver=127.0.0.1 ldapport=%d ldapbasedn="%s" \
        ldapbinddn="%s" ldapbindpasswd="%s" %s
        """
                .formatted(
                        server.port(),
                        LdapServer.BASE,
                        LdapServer.READER,
                        LdapServer.READER_PASSWORD,
                        more);
    }

    private static PoolerProcess start(Path rules) {
        return PoolerProcess.builder()
                .general("pg_hba", "{path = \"" + rules + "\"}")
                .pool(
                        "shop",
                        PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction"),
                        PoolerProcess.Builder.user(
                                "alice",
                                1,
                                "server_username = \"%s\"".formatted(PostgresServer.APP),
                                "server_password = \"\""))
                .start();
    }

    private static String login(PoolerProcess pooler, String user, String password) {
        try (WireClient client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, password, "shop");
            return answer.getLast().type() == 'Z'
                    ? client.queryValue("SELECT 'in'")
                    : answer.getLast().sqlState() + " " + answer.getLast().field('M');
        }
    }
}
