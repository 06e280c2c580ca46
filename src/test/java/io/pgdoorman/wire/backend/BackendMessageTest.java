package io.pgdoorman.wire.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.WireBytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

@ExtendWith(LeakCheck.class)
class BackendMessageTest {
    private static final int FUZZ_INPUTS = 60_000;

    static Stream<GoldenBackendMessage> golden() {
        return GoldenBackendMessage.all();
    }

    private static BackendMessage decode(byte type, byte[] body) {
        return WireBytes.decoded(body, in -> BackendMessages.decode(type, in));
    }

    private static BackendMessage decode(char type, String body) {
        return decode((byte) type, WireBytes.of(body));
    }

    @Test
    void everyMessageHasGoldenBytes() {
        Stream<Class<?>> messages =
                Stream.concat(
                                Arrays.stream(BackendMessage.class.getPermittedSubclasses()),
                                Arrays.stream(Authentication.class.getPermittedSubclasses()))
                        .filter(type -> type != Authentication.class);

        assertThat(
                        GoldenBackendMessage.all()
                                .map(g -> (Object) g.message().getClass())
                                .collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(messages.toArray());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void encodesToGoldenBytes(GoldenBackendMessage golden) {
        assertThat(WireBytes.encoded(golden.message()::encode)).isEqualTo(golden.whole());
        assertThat(golden.message().type()).isEqualTo(golden.whole()[0]);
    }

    @ParameterizedTest
    @MethodSource("golden")
    void decodesFromGoldenBytes(GoldenBackendMessage golden) {
        assertThat(decode(golden.message().type(), golden.body())).isEqualTo(golden.message());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void refusesEveryTruncation(GoldenBackendMessage golden) {
        byte[] body = golden.body();
        for (int cut = 0; cut < body.length; cut++) {
            byte[] truncated = Arrays.copyOf(body, cut);

            if (cut >= golden.fixedBytes()) {
                assertThat(decode(golden.message().type(), truncated))
                        .isNotEqualTo(golden.message());
            } else {
                assertThatExceptionOfType(ProtocolException.class)
                        .as("cut at %d", cut)
                        .isThrownBy(() -> decode(golden.message().type(), truncated));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void refusesBytesAfterTheEnd(GoldenBackendMessage golden) {
        byte[] longer = Arrays.copyOf(golden.body(), golden.body().length + 1);

        if (longer.length > golden.fixedBytes()) {
            assertThat(decode(golden.message().type(), longer)).isNotEqualTo(golden.message());
        } else {
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> decode(golden.message().type(), longer))
                    .withMessageContaining("1 bytes after its end");
        }
    }

    @Test
    void refusesExactlyTheUnknownTypes() {
        Set<Byte> known =
                GoldenBackendMessage.all()
                        .map(g -> g.message().type())
                        .collect(Collectors.toUnmodifiableSet());
        for (int type = Byte.MIN_VALUE; type <= Byte.MAX_VALUE; type++) {
            byte b = (byte) type;
            assertThat(BackendType.isKnown(b)).as("type %d", type).isEqualTo(known.contains(b));
            if (!known.contains(b)) {
                assertThatExceptionOfType(ProtocolException.class)
                        .isThrownBy(() -> decode(b, new byte[0]))
                        .withMessage("unknown message type 0x%02X from the server", type & 0xFF);
            }
        }
    }

    @Test
    void randomBodiesGiveAProtocolExceptionOrAValueOfTheSameBytes() {
        var random = new Random(11);
        List<GoldenBackendMessage> seeds = GoldenBackendMessage.all().toList();
        int values = 0;
        for (int i = 0; i < FUZZ_INPUTS; i++) {
            byte type = (byte) random.nextInt(256);
            byte[] body = new byte[random.nextInt(40)];
            random.nextBytes(body);
            if (random.nextBoolean()) {
                GoldenBackendMessage seed = seeds.get(random.nextInt(seeds.size()));
                type = seed.message().type();
                body = seed.body();
                if (body.length > 0) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt(256);
                }
            }
            values += decodesToSameBytesOrThrows(type, body) ? 1 : 0;
        }
        assertThat(values).isBetween(FUZZ_INPUTS / 20, FUZZ_INPUTS - FUZZ_INPUTS / 20);
    }

    private static boolean decodesToSameBytesOrThrows(byte type, byte[] body) {
        BackendMessage message;
        try {
            message = decode(type, body);
        } catch (ProtocolException e) {
            assertThat(e.sqlState()).isEqualTo(SqlState.PROTOCOL_VIOLATION);
            return false;
        }
        byte[] encoded = WireBytes.encoded(message::encode);
        assertThat(Arrays.copyOfRange(encoded, Frames.HEADER_BYTES, encoded.length))
                .isEqualTo(body);
        return true;
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 4, 6, 13, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void refusesAnUnknownAuthenticationKind(int kind) {
        byte[] body = WireBytes.encoded(out -> out.writeInt(kind));

        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode(Authentication.TYPE, body))
                .withMessage("authentication method %d not supported", kind);
    }

    @Test
    void refusesCountsAndLengthsThatDoNotFit() {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode('D', "\u00ff\u00ff"))
                .withMessage("DataRow: columns needs 262140 bytes, 0 are left");
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode('D', "\0\1\177\u00ff\u00ff\u00ff"))
                .withMessage("DataRow: columns needs 2147483647 bytes, 0 are left");
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode('v', "\0\3\0\0\177\u00ff\u00ff\u00ff"))
                .withMessage("NegotiateProtocolVersion has 2147483647 options in 0 bytes");
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode('v', "\0\3\0\0\u00ff\u00ff\u00ff\u00ff"))
                .withMessage("NegotiateProtocolVersion has -1 options in 0 bytes");
    }

    @ParameterizedTest
    @CsvSource({"3, false", "4, true", "256, true", "257, false"})
    void limitsTheSecretOfACancelKey(int secretBytes, boolean accepted) {
        byte[] body = new byte[Integer.BYTES + secretBytes];

        if (accepted) {
            assertThat(decode(BackendKeyData.TYPE, body))
                    .isEqualTo(new BackendKeyData(CancelKey.of(0, new byte[secretBytes])));
        } else {
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> decode(BackendKeyData.TYPE, body));
        }
    }

    @Test
    void refusesANegotiationToAnotherMajorVersion() {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode('v', "\0\2\0\0\0\0\0\0"))
                .withMessage("NegotiateProtocolVersion asks for protocol version 2.0");
    }

    @Test
    void readsColumnsAsText() {
        DataRow row = DataRow.ofText("one", null);

        assertThat(row.text(0)).isEqualTo("one");
        assertThat(row.text(1)).isNull();
    }
}
