package io.pgdoorman.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.config.HbaRule;
import io.pgdoorman.migrate.BouncerFiles.Imported;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.util.List;

class HbaImportTest {
    @TempDir private Path directory;
    private BouncerFiles files;

    @BeforeEach
    void writeUsers() {
        files = new BouncerFiles(directory);
        files.write("userlist.txt", "\"alice\" \"secret\"\n");
    }

    @Test
    void aFileThatIsUnderstoodIsPointedAt() throws Exception {
        Path hba = files.write("hba.conf", "# all\nhost all all 10.0.0.0/8 md5\n");

        Imported imported = importHba();

        assertThat(imported.findings()).isEmpty();
        assertThat(imported.result().text())
                .contains("pg_hba = {path = \"" + hba.toAbsolutePath() + "\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    local all all peer map=x                   | local all all reject
                    host app bob 10.0.0.0/8 ldap a=b           | host app bob 10.0.0.0/8 reject
                    host app "a b" 10.0.0.0 255.0.0.0 cert     | host app "a b" 10.0.0.0 255.0.0.0 reject
                    hostssl all all ::1/128 scram-sha-256 x=1  | hostssl all all ::1/128 reject
                    """)
    void aMethodThatIsNotThereBecomesARefusalOfTheSameClients(String line, String expected)
            throws Exception {
        files.write("hba.conf", "host all all 1.2.3.4/32 md5\n" + line + "\n");

        Imported imported = importHba();

        assertThat(rules(imported)).containsExactly("host all all 1.2.3.4/32 md5", expected);
        assertThat(imported.findings()).singleElement().asString().contains("hba.conf:2: ");
    }

    @Test
    void filesThatRulesNameAreFoundFromTheConfigurationToo() throws Exception {
        Path admins = files.write("admins", "alice\n");
        files.write("more.conf", "host all all 1.2.3.4/32 md5\n");
        files.write(
                "hba.conf",
                """
                host all bob,@admins,"@x" 10.0.0.0/8 md5
                include more.conf
                local all all peer
                """);

        Imported imported = importHba();

        assertThat(rules(imported))
                .containsExactly(
                        "host all bob,@%s,\"@x\" 10.0.0.0/8 md5".formatted(admins.toAbsolutePath()),
                        "host all all 1.2.3.4/32 md5",
                        "local all all reject");
        assertThat(imported.findings()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "host all @admins 10.0.0.0/8 md5",
                "host all all db..example.com md5",
                "host all +admins 10.0.0.0/8 md5",
                "host all \"unclosed 10.0.0.0/8 md5",
                "nonsense",
                "host all"
            })
    void aRuleForUnknownClientsRefusesAllFromThereOn(String line) throws Exception {
        files.write(
                "hba.conf", "host all all 1.2.3.4/32 md5\n" + line + "\nhost all all all trust\n");

        Imported imported = importHba();

        assertThat(rules(imported))
                .containsExactly(
                        "host all all 1.2.3.4/32 md5",
                        "local all all reject",
                        "host all all all reject",
                        "host all all all trust");
        assertThat(imported.findings()).singleElement().asString().contains("hba.conf:2: ");
    }

    @ParameterizedTest
    @CsvSource({
        "md5, md5, 0",
        "plain, password, 0",
        "trust, trust, 0",
        "any, trust, 1",
        "pam, pam pamservice=pgbouncer, 0",
        "ldap, reject, 1",
        "cert, reject, 1"
    })
    void theMethodForAllBecomesTwoRules(String type, String method, int findings) throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        auth_type = %s
                        """
                                .formatted(type));

        assertThat(rules(imported))
                .containsExactly("local all all " + method, "host all all all " + method);
        assertThat(imported.findings()).hasSize(findings);
    }

    @Test
    void rulesWithoutAFileAreAnError() {
        assertThatThrownBy(
                        () ->
                                files.importIni(
                                        """
                                        [pgbouncer]
                                        auth_file = userlist.txt
                                        auth_type = hba
                                        """))
                .isInstanceOf(MigrationException.class)
                .hasMessageContainingAll("pgbouncer.ini:3", "--hba");
    }

    private Imported importHba() throws MigrationException {
        return files.importIni(
                """
                [databases]
                app = host=db
                [pgbouncer]
                listen_addr = localhost
                auth_file = userlist.txt
                auth_type = hba
                auth_hba_file = hba.conf
                """);
    }

    private static List<String> rules(Imported imported) {
        return imported.config().general().hba().rules().stream().map(HbaRule::text).toList();
    }
}
