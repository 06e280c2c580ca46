package io.pgdoorman.wire.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.WireBytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

@ExtendWith(LeakCheck.class)
class StartupPacketTest {
    private static final int FUZZ_INPUTS = 50_000;
    private static final String V3_0 = "\0\3\0\0";

    record Golden(StartupPacket packet, String bytes) {
        byte[] body() {
            return Arrays.copyOfRange(WireBytes.of(bytes), Integer.BYTES, bytes.length());
        }
    }

    static Stream<Golden> golden() {
        var parameters = new LinkedHashMap<String, String>();
        parameters.put("user", "zoë");
        parameters.put("database", "");
        parameters.put("_pq_.x", "1");
        return Stream.of(
                new Golden(new SSLRequest(), "\0\0\0\10\4\u00d2\26\57"),
                new Golden(new GSSENCRequest(), "\0\0\0\10\4\u00d2\26\60"),
                new Golden(
                        new CancelRequest(CancelKey.of(258, new byte[] {1, 2, 3, -1})),
                        "\0\0\0\20\4\u00d2\26\56\0\0\1\2\1\2\3\u00ff"),
                new Golden(
                        new CancelRequest(CancelKey.of(-1, new byte[256])),
                        "\0\0\1\14\4\u00d2\26\56\u00ff\u00ff\u00ff\u00ff" + "\0".repeat(256)),
                new Golden(
                        new StartupMessage(ProtocolVersion.V3_0, Map.of()), "\0\0\0\11\0\3\0\0\0"),
                new Golden(
                        new StartupMessage(ProtocolVersion.V3_2, parameters),
                        "\0\0\0\46\0\3\0\2user\0zo\u00c3\u00ab\0database\0\0_pq_.x\0" + "1\0\0"));
    }

    private static StartupPacket decode(byte[] packet) {
        return WireBytes.decoded(packet, StartupPacket::decode);
    }

    private static StartupPacket decode(String latin1) {
        return decode(WireBytes.of(latin1));
    }

    @Test
    void everyPacketHasGoldenBytes() {
        assertThat(golden().map(g -> (Object) g.packet().getClass()).collect(Collectors.toSet()))
                .containsExactlyInAnyOrder((Object[]) StartupPacket.class.getPermittedSubclasses());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void encodesToGoldenBytes(Golden golden) {
        assertThat(WireBytes.encoded(golden.packet()::encode))
                .isEqualTo(WireBytes.of(golden.bytes()));
    }

    @ParameterizedTest
    @MethodSource("golden")
    void decodesFromGoldenBytes(Golden golden) {
        assertThat(decode(golden.body())).isEqualTo(golden.packet());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void refusesEveryTruncation(Golden golden) {
        byte[] body = golden.body();
        for (int cut = 0; cut < body.length; cut++) {
            byte[] truncated = Arrays.copyOf(body, cut);

            if (golden.packet() instanceof CancelRequest && cut >= 12) {
                assertThat(decode(truncated)).isNotEqualTo(golden.packet()); // a shorter secret
            } else {
                assertThatExceptionOfType(ProtocolException.class)
                        .as("cut at %d", cut)
                        .isThrownBy(() -> decode(truncated));
            }
        }
    }

    @Test
    void keepsParametersInTheOrderSent() {
        var message = (StartupMessage) decode(V3_0 + "z\0" + "1\0user\0me\0a\0\0\0");

        assertThat(message.parameters())
                .containsExactly(entry("z", "1"), entry("user", "me"), entry("a", ""));
        assertThat(message.parameter("user")).isEqualTo("me");
        assertThat(message.parameter("User")).isNull();
    }

    @Test
    void takesTheLastValueOfANameSentTwice() {
        var message = (StartupMessage) decode(V3_0 + "user\0a\0user\0b\0\0");

        assertThat(message.parameters()).containsExactly(entry("user", "b"));
    }

    @Test
    void keepsAUserNameThatIsNotUtf8() {
        var message = (StartupMessage) decode(V3_0 + "user\0zo\u00eb\0\0");

        assertThat(WireBytes.encoded(message::encode))
                .isEqualTo(WireBytes.of("\0\0\0\22" + V3_0 + "user\0zo\u00eb\0\0"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // no terminator
                "x", // not a NUL
                "user\0", // no value
                "user\0me", // unterminated value
                "user\0me\0", // no terminator
                "user\0me\0x", // not a NUL
                "user\0me\0\0\0", // something after the terminator
                "\0\0", // likewise
                "user\0me\0\0database\0db\0\0"
            })
    void refusesABadLayout(String parameters) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode(V3_0 + parameters))
                .returns(SqlState.PROTOCOL_VIOLATION, ProtocolException::sqlState);
    }

    @ParameterizedTest
    @CsvSource({"2, 0", "4, 0", "0, 0", "1234, 5681", "65535, 65535"})
    void refusesAnotherMajorVersion(int major, int minor) {
        int code = new ProtocolVersion(major, minor).code();

        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode(WireBytes.encoded(out -> out.writeInt(code).writeByte(0))))
                .withMessage(
                        "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2",
                        major, minor)
                .returns(SqlState.FEATURE_NOT_SUPPORTED, ProtocolException::sqlState);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 9999, 65535})
    void decodesAnyMinorVersion(int minor) {
        var version = new ProtocolVersion(3, minor);

        StartupPacket packet =
                decode(WireBytes.encoded(out -> out.writeInt(version.code()).writeByte(0)));

        assertThat(packet).isEqualTo(new StartupMessage(version, Map.of()));
    }

    @Test
    void takesThePacketOfGreatestLengthAndNoLongerOne() {
        int valueBytes = Frames.MAX_STARTUP_PACKET_BYTES - Integer.BYTES - 4;

        assertThat(decode(V3_0 + "u\0" + "x".repeat(valueBytes) + "\0\0"))
                .isInstanceOf(StartupMessage.class);
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode(V3_0 + "u\0" + "x".repeat(valueBytes + 1) + "\0\0"))
                .withMessage("invalid length of startup packet: 10005");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 7, 261})
    void refusesACancelKeyOfBadLength(int keyBytes) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode("\4\u00d2\26\56" + "x".repeat(keyBytes)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\4\u00d2\26\57\0", "\4\u00d2\26\60\0"})
    void refusesARequestWithABody(String packet) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> decode(packet))
                .withMessageContaining("1 bytes after its end");
    }

    @Test
    void refusesToEncodeAParameterThatWouldEndThePacket() {
        var message = new StartupMessage(ProtocolVersion.V3_0, Collections.singletonMap("", "x"));

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> WireBytes.encoded(message::encode));
    }

    @Test
    void randomPacketsGiveAProtocolExceptionOrAValueThatSurvivesEncoding() {
        var random = new Random(7);
        int values = 0;
        for (int i = 0; i < FUZZ_INPUTS; i++) {
            byte[] packet = randomPacket(random);
            StartupPacket value;
            try {
                value = decode(packet);
            } catch (ProtocolException _) {
                continue;
            }
            byte[] encoded = WireBytes.encoded(value::encode);
            assertThat(decode(Arrays.copyOfRange(encoded, Integer.BYTES, encoded.length)))
                    .isEqualTo(value);
            values++;
        }
        assertThat(values).isBetween(FUZZ_INPUTS / 50, FUZZ_INPUTS - FUZZ_INPUTS / 50);
    }

    private static byte[] randomPacket(Random random) {
        if (random.nextInt(4) == 0) {
            byte[] packet = new byte[random.nextInt(40)];
            random.nextBytes(packet);
            return packet;
        }
        var text = new StringBuilder(random.nextBoolean() ? V3_0 : "\4\u00d2\26\56");
        int length = random.nextInt(24);
        for (int i = 0; i < length; i++) {
            text.append("a\0\u00e9\0".charAt(random.nextInt(4)));
        }
        return WireBytes.of(text + (random.nextBoolean() ? "a\0\0\0" : "\0"));
    }
}
