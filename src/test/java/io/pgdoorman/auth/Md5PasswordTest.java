package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Locale;

class Md5PasswordTest {
    private static final String HASH = "md539c4422cad2e8aa743c2904bf0925538";

    @Test
    void answersAChallenge() {
        // md5sum of "39c4422cad2e8aa743c2904bf0925538" and the four bytes 1 2 3 4
        assertThat(Md5Password.response(HASH, new byte[] {1, 2, 3, 4}))
                .isEqualTo("md530d9d09f02a72e0bbede8eccf68ddabc");
    }

    @Test
    void takesDigitsOfEitherCase() {
        String upper = "md5" + HASH.substring(3).toUpperCase(Locale.ROOT);

        assertThat(Md5Password.response(upper, new byte[] {1, 2, 3, 4}))
                .isEqualTo(Md5Password.response(HASH, new byte[] {1, 2, 3, 4}));
        assertThat(new StoredSecret.Md5(upper)).isEqualTo(new StoredSecret.Md5(HASH));
    }

    @Test
    void hashesBytesThatAreNotUtf8() {
        Bytes latin1 = Bytes.copyOf(new byte[] {(byte) 0xe4});

        assertThat(Md5Password.hash(latin1, "u")).isNotEqualTo(Md5Password.hash(Bytes.EMPTY, "u"));
        assertThat(Md5Password.hash(latin1, "u"))
                .isEqualTo(Md5Password.hash(Bytes.ofText(latin1.toText()), "u"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "md5",
                "md539c4422cad2e8aa743c2904bf092553",
                "md539c4422cad2e8aa743c2904bf09255388",
                "md539c4422cad2e8aa743c2904bf092553g",
                "MD539c4422cad2e8aa743c2904bf0925538",
                "md539c4422cad2e8aa743c2904bf092553\u0663",
            })
    void tellsWhatIsNoHash(String text) {
        assertThat(Md5Password.isHash(text)).isFalse();
        assertThatThrownBy(() -> Md5Password.response(text, new byte[4]))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
