package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import javax.crypto.Cipher;

/** What is over has no secrets any more. */
class ForgottenSecretsTest {
    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 7);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void destroyedKeysHoldNone(TlsSuite suite) {
        var keys = new RecordKeys(suite, filled(suite.secretBytes()), 0, Cipher.ENCRYPT_MODE);

        keys.destroy();

        assertThat(keys.secret).containsOnly(0);
        assertThat(keys.iv).containsOnly(0);
        assertThat(keys.key.isDestroyed()).isTrue();
        assertThatThrownBy(() -> keys.seal(23, new byte[10], 0, 5, new byte[100]))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anUpdateForgetsTheKeyBefore() {
        TlsSuite suite = TlsSuite.TLS_AES_128_GCM_SHA256;
        var keys = new RecordKeys(suite, filled(suite.secretBytes()), 0, Cipher.ENCRYPT_MODE);
        RawKey before = keys.key;

        keys.update();

        assertThat(before.isDestroyed()).isTrue();
        assertThat(keys.key.isDestroyed()).isFalse();
        assertThat(keys.secret).isNotEqualTo(filled(suite.secretBytes()));
    }

    @Test
    void aDestroyedKeyIsZeros() {
        byte[] bytes = filled(16);
        var key = new RawKey("AES", bytes);
        assertThat(key.getEncoded()).isEqualTo(filled(16)).isNotSameAs(bytes);

        key.destroy();

        assertThat(bytes).containsOnly(0);
    }

    private static byte[] line(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void theLogKeepsWhatIsNeededAndForgetsIt() throws TlsException {
        var log = new KeyLog();
        byte[] handshake = line("CLIENT_HANDSHAKE_TRAFFIC_SECRET 00ff 0102");
        byte[] traffic = line("CLIENT_TRAFFIC_SECRET_0 00ff 0a1B");

        log.add(handshake);
        log.add(traffic);
        log.add(line("SERVER_TRAFFIC_SECRET_0 00ff 0c0d"));
        log.add(line("EXPORTER_SECRET 00ff 0e0f"));
        log.add(line("CLIENT_RANDOM 00ff ff00"));

        assertThat(handshake).containsOnly(0);
        assertThat(traffic).containsOnly(0);
        assertThat(log.traffic(true)).containsExactly(0x0a, 0x1b);
        assertThat(log.traffic(false)).containsExactly(0x0c, 0x0d);
        assertThat(log.exporter()).containsExactly(0x0e, 0x0f);
        assertThat(log.clientRandom()).containsExactly(0, 0xff);
        assertThat(log.master()).containsExactly(0xff, 0);
        log.destroy();
        assertThat(log.clientTraffic).containsOnly(0);
        assertThat(log.serverTraffic).containsOnly(0);
        assertThat(log.exporter).containsOnly(0);
        assertThat(log.master).containsOnly(0);
    }

    @Test
    void aLineThatIsNoneIsOverlooked() {
        var log = new KeyLog();
        for (String text : new String[] {"", " ", "EXPORTER_SECRET", "EXPORTER_SECRET 00", "  "}) {
            log.add(line(text));
        }

        assertThatThrownBy(log::exporter).isInstanceOf(TlsException.class);
    }
}
