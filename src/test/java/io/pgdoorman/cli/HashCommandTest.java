package io.pgdoorman.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** {@code pg_doorman hash}, checked by the JDK's own PBKDF2. */
class HashCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(byte[] input, List<String> typed, String... words) throws Exception {
        Deque<String> answers = new ArrayDeque<>(typed);
        try (var outWriter = new PrintWriter(out);
                var errWriter = new PrintWriter(err)) {
            return new HashCommand(
                            new ByteArrayInputStream(input),
                            outWriter,
                            errWriter,
                            _ -> Optional.ofNullable(answers.poll()))
                    .run(List.of(words));
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void assertIsSecretOf(String secret, String password, int iterations)
            throws Exception {
        String[] parts = secret.strip().split("[$:]");
        assertThat(parts[0]).isEqualTo("SCRAM-SHA-256");
        assertThat(parts[1]).isEqualTo(String.valueOf(iterations));
        byte[] salt = Base64.getDecoder().decode(parts[2]);
        assertThat(salt).hasSize(16);
        byte[] salted =
                SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                        .generateSecret(
                                new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
                        .getEncoded();
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(salted, "HmacSHA256"));
        byte[] serverKey = mac.doFinal(utf8("Server Key"));
        assertThat(parts[4]).isEqualTo(Base64.getEncoder().encodeToString(serverKey));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sesame", "sesame\n", "sesame\r\n", "sesame\nmore"})
    void hashesTheFirstLine(String input) throws Exception {
        assertThat(run(utf8(input), List.of())).isZero();

        assertIsSecretOf(out.toString(), "sesame", 4096);
        assertThat(out.toString()).doesNotContain("sesame");
    }

    @Test
    void hashesWhatIsTypedTwice() throws Exception {
        assertThat(run(new byte[0], List.of("sesame", "sesame"), "--iterations", "8192")).isZero();

        assertIsSecretOf(out.toString(), "sesame", 8192);
    }

    @Test
    void eachHasASaltOfItsOwn() throws Exception {
        run(utf8("sesame"), List.of());
        run(utf8("sesame"), List.of());

        assertThat(out.toString().lines()).hasSize(2).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"'', the password is empty", "'\n', the password is empty"})
    void refusesWhatIsNoPassword(String input, String reason) throws Exception {
        assertThat(run(utf8(input), List.of())).isOne();
        assertThat(err.toString()).contains(reason);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void refusesBytesThatAreNoText() throws Exception {
        assertThat(run(new byte[] {(byte) 0xff, 'a'}, List.of())).isOne();
        assertThat(run(new byte[] {'a', 0, 'b'}, List.of())).isOne();

        assertThat(err.toString()).contains("not valid UTF-8", "cannot contain NUL");
    }

    @Test
    void refusesTwoThatDiffer() throws Exception {
        assertThat(run(new byte[0], List.of("sesame", "sesam"))).isOne();

        assertThat(err.toString()).contains("differ").doesNotContain("sesam");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "4095", "10000001", "x", "-1"})
    void refusesIterationsOutOfBounds(String iterations) {
        assertThatThrownBy(() -> run(utf8("sesame"), List.of(), "--iterations=" + iterations))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("from 4096 to 10000000");
    }
}
