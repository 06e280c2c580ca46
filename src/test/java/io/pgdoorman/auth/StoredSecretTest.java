package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.secret.SecretOrigin;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;

class StoredSecretTest {
    private static final String SALT = "6O3+s+VOB4YRbLWlRwgirA==";
    private static final String STORED_KEY = "KFS4J2wfivaVNThaCnkz2uDdmuSZx3UDtL3y9nvJjv4=";
    private static final String SERVER_KEY = "6YvfD0MMX6yYd8UhReHi787DXT/Vi2AVTr+/OCdsU8U=";
    private static final String KEYS = STORED_KEY + ":" + SERVER_KEY;
    private static final String SCRAM = "SCRAM-SHA-256$4096:" + SALT + "$" + KEYS;
    private static final String MD5 = "md539c4422cad2e8aa743c2904bf0925538";

    @Test
    void tellsTheForms() {
        assertThat(StoredSecret.parse("")).isEqualTo(new StoredSecret.None());
        assertThat(StoredSecret.parse("hello"))
                .isEqualTo(new StoredSecret.Plain(Bytes.ofText("hello")));
        assertThat(StoredSecret.parse("md5 is my password")).isInstanceOf(StoredSecret.Plain.class);
        assertThat(StoredSecret.parse(MD5)).isEqualTo(new StoredSecret.Md5(MD5));
        assertThat(StoredSecret.parse(SCRAM)).isInstanceOf(StoredSecret.Scram.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SCRAM-SHA-256$",
                "SCRAM-SHA-256$4096",
                "SCRAM-SHA-256$0:" + SALT + "$" + KEYS,
                "SCRAM-SHA-256$-1:" + SALT + "$" + KEYS,
                "SCRAM-SHA-256$10000001:" + SALT + "$" + KEYS,
                "SCRAM-SHA-256$99999999999:" + SALT + "$" + KEYS,
                "SCRAM-SHA-256$x:" + SALT + "$" + KEYS,
                "SCRAM-SHA-256$4096:$" + KEYS,
                "SCRAM-SHA-256$4096:!$" + KEYS,
                "SCRAM-SHA-256$4096:" + SALT + "$" + STORED_KEY,
                "SCRAM-SHA-256$4096:" + SALT + "$" + SALT + ":" + SERVER_KEY,
                "SCRAM-SHA-256$4096:" + SALT + "$" + STORED_KEY + ":" + SALT,
                "SCRAM-SHA-256$4096:" + SALT + "$" + KEYS + ":",
                "jwt-pkey-fpath:/etc/key.pem",
                "a\0b",
            })
    void neverTakesABrokenSecretForAPassword(String text) {
        assertThat(StoredSecret.parse(text)).isInstanceOf(StoredSecret.Unusable.class);
    }

    @Test
    void everyTruncationOfAScramSecretIsSafe() {
        for (int length = "SCRAM-SHA-256$".length(); length < SCRAM.length(); length++) {
            assertThat(StoredSecret.parse(SCRAM.substring(0, length)))
                    .isInstanceOf(StoredSecret.Unusable.class);
        }
    }

    @Test
    void formShowsNoSecret() {
        for (String text : new String[] {"hello", MD5, SCRAM}) {
            StoredSecret secret = StoredSecret.parse(text);
            assertThat(secret.toString()).contains("***").doesNotContain("hello", MD5, SALT);
            assertThat(ServerCredential.ofStored("u", secret).toString())
                    .doesNotContain("hello", MD5, SALT);
        }
        assertThat(StoredSecret.parse(SCRAM + "x").toString()).doesNotContain(SALT);
    }

    @Test
    void serverPasswordIsPlainOrHash() {
        assertThat(ServerCredential.parse("u", "")).isEqualTo(new ServerCredential.None());
        assertThat(ServerCredential.parse("u", "hello"))
                .isEqualTo(new ServerCredential.Plain(Bytes.ofText("hello")));
        assertThat(ServerCredential.parse("u", MD5))
                .isEqualTo(new ServerCredential.Md5Hash("u", MD5));
        assertThat(ServerCredential.parse("u", "jwt-priv-key-fpath:/etc/key.pem"))
                .isEqualTo(
                        new ServerCredential.Fetched(
                                new SecretOrigin.TokenKey(Path.of("/etc/key.pem"), "u")));
    }

    @ParameterizedTest
    @ValueSource(strings = {SCRAM, "a\0b"})
    void refusesAServerPasswordThatCannotLogIn(String text) {
        assertThatThrownBy(() -> ServerCredential.parse("u", text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain(text);
    }
}
