package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

class PlainSecretsTest {
    private static final String MD5 = "md50123456789abcdef0123456789abcdef";
    private static final String SCRAM =
            "SCRAM-SHA-256$4096:c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private static final String LDAP =
            "host all all all ldap ldapserver=a ldapbasedn=dc=b ldapbinddn=cn=c ldapbindpasswd=";

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[general]\nadmin_password = 'x'",
                "[[pools.app.users]]\nusername = 'a'\npassword = 'sesame'",
                "[[pools.app.users]]\nusername = 'a'\npassword = ''\nserver_username = 'b'\nserver_password = 'x'",
                "[pools.app.auth_query]\nquery = 'q'\nuser = 'u'\npassword = 'p'",
                "[pools.app.auth_query]\nquery = 'q'\nuser = 'u'\nserver_user = 's'\nserver_password = 'p'",
                "[general]\npg_hba = '" + LDAP + "p'"
            })
    void namesTheFileThatHasAPassword(String text) throws Exception {
        Path more = write("more.toml", text);

        Config config = Configs.good(ConfigLoader.load(main(more)));

        assertThat(config.secretFiles()).containsExactly(more);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[[pools.app.users]]\nusername = 'a'\npassword = ''",
                "[[pools.app.users]]\nusername = 'a'\npassword = '" + MD5 + "'",
                "[[pools.app.users]]\nusername = 'a'\npassword = '" + SCRAM + "'",
                "[[pools.app.users]]\nusername = 'a'\npassword = 'jwt-pkey-fpath:/a'",
                "[[pools.app.users]]\nusername = 'a'\npassword = ''\nserver_username = 'b'"
                        + "\nserver_password = 'jwt-priv-key-fpath:/a'",
                "[[pools.app.users]]\nusername = 'a'\npassword = ''\nserver_username = 'b'"
                        + "\nserver_password_file = '/a'",
                "[general]\ntls_passphrase_command = 'cat /a'\ntls_certificate = '/c'\ntls_private_key = '/k'",
                "[general]\npg_hba = 'host all all all md5'"
            })
    void aHashOrTheNameOfAFileIsNoPassword(String text) throws Exception {
        Path more = write("more.toml", text);

        Config config = Configs.good(ConfigLoader.load(main(more)));

        assertThat(config.secretFiles()).isEmpty();
    }

    @Test
    void namesTheFilesOfRulesWithAPassword() throws Exception {
        Path ldap = write("ldap.conf", LDAP + "p");
        Path hba = write("pg_hba.conf", "include ldap.conf\nlocal all all md5");
        Path more = write("more.toml", "[general]\npg_hba = {path = '" + hba + "'}");

        Config config = Configs.good(ConfigLoader.load(main(more)));

        assertThat(config.secretFiles()).containsExactly(ldap);
    }

    @Test
    void whatAnOverrideSaysIsInNoFile() throws Exception {
        Config config =
                Configs.good(
                        ConfigLoader.load(main(), Map.of("general.admin_password", "another")));

        assertThat(config.secretFiles()).isEmpty();
    }

    /** Its one password is a hash. */
    private Path main(Path... includes) throws IOException {
        String names =
                Arrays.stream(includes)
                        .map(file -> "'" + file + "'")
                        .collect(Collectors.joining(", "));
        return write(
                "main.toml",
                """
                include.files = [%s]
                [general]
                admin_username = "admin"
                admin_password = "%s"
                [pools.app]
                server_host = "127.0.0.1"
                """
                        .formatted(names, MD5));
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }
}
