package io.pgdoorman.secret;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;

/** Lines as libpq reads them. */
class PassFileTest {
    private static SecretOrigin.PassFile login(String host) {
        return new SecretOrigin.PassFile(Path.of("unread"), host, 5432, "app:db", "al\\ice");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "db1:5432:app\\:db:al\\\\ice:secret     | secret",
                "*:*:*:*:secret                        | secret",
                "db1:*:*:al\\\\ice:s\\:e\\\\c           | s:e\\c",
                "*:*:*:*:one:two                       | one",
                "*:*:*:*:trailing\\                    | trailing\\",
                "*:*:*:*:with space and # and \"quotes\" | with space and # and \"quotes\"",
                "db\\1:5432:*:*:secret                 | secret"
            })
    void findsThePassword(String line, String password) {
        assertThat(PassFile.find(line + "\n", login("db1"))).isEqualTo(password);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "# *:*:*:*:comment",
                "#*:*:*:*:comment",
                "db2:*:*:*:other host",
                "db:*:*:*:beginning of the host",
                "db11:*:*:*:longer host",
                "*:5433:*:*:other port",
                "*:*:app:db:al\\\\ice:unescaped colon",
                "*:*:*:alice:other user",
                "*:*:*:*",
                "db1\\",
                "''",
                "*5:*:*:*:star inside a field"
            })
    void passesOverOtherLines(String line) {
        assertThat(PassFile.find(line, login("db1"))).isNull();
    }

    @Test
    void theFirstLineThatFitsCounts() {
        String text = "# head\r\n\r\ndb2:*:*:*:no\r\ndb1:*:*:*:first\r\n*:*:*:*:second\r\n";

        assertThat(PassFile.find(text, login("db1"))).isEqualTo("first");
    }

    @ParameterizedTest
    @CsvSource({"/var/run/postgresql, localhost", "/tmp, localhost", "/srv/sockets, /srv/sockets"})
    void defaultSocketDirectoriesAreLocalhost(String host, String named) {
        assertThat(PassFile.find(named + ":*:*:*:secret", login(host))).isEqualTo("secret");
    }
}
