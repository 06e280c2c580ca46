package io.pgdoorman.wire.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.WireBytes;
import io.pgdoorman.wire.frontend.FrontendMessages.Awaited;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

@ExtendWith(LeakCheck.class)
class FrontendMessageTest {
    private static final int FUZZ_INPUTS = 30_000;

    /** A message and its bytes. Opaque ones take any bytes as their body. */
    record Golden(FrontendMessage message, Awaited awaited, boolean opaque, String bytes) {
        static Golden of(FrontendMessage message, String bytes) {
            return new Golden(message, Awaited.PASSWORD, false, bytes);
        }

        byte[] whole() {
            return WireBytes.of(bytes);
        }

        byte[] body() {
            return Arrays.copyOfRange(whole(), Frames.HEADER_BYTES, bytes.length());
        }

        FrontendMessage decode(byte[] body) {
            return WireBytes.decoded(
                    body, in -> FrontendMessages.decode((byte) bytes.charAt(0), in, awaited));
        }
    }

    static Stream<Golden> golden() {
        return Stream.of(
                Golden.of(new Query("SELECT 1"), "Q\0\0\0\15SELECT 1\0"),
                Golden.of(new Query("SELECT 'ä'"), "Q\0\0\0\20SELECT '\u00c3\u00a4'\0"),
                Golden.of(new Query(""), "Q\0\0\0\5\0"),
                Golden.of(new Parse("s1", "SELECT $1"), "P\0\0\0\23s1\0SELECT $1\0\0\0"),
                Golden.of(
                        new Parse("", "SELECT $1", List.of(23, -1)),
                        "P\0\0\0\31\0SELECT $1\0\0\2\0\0\0\27\u00ff\u00ff\u00ff\u00ff"),
                Golden.of(
                        new Bind("p", "s", List.of(), List.of(), List.of()),
                        "B\0\0\0\16p\0s\0\0\0\0\0\0\0"),
                Golden.of(
                        new Bind(
                                "",
                                "s",
                                List.of(FormatCode.TEXT, FormatCode.BINARY),
                                Arrays.asList(Bytes.ofText("42"), null, Bytes.EMPTY),
                                List.of(FormatCode.BINARY)),
                        "B\0\0\0\41\0s\0\0\2\0\0\0\1\0\3\0\0\0\00242\u00ff\u00ff\u00ff\u00ff"
                                + "\0\0\0\0\0\1\0\1"),
                Golden.of(Describe.statement("s1"), "D\0\0\0\10Ss1\0"),
                Golden.of(Describe.portal(""), "D\0\0\0\6P\0"),
                Golden.of(Close.statement(""), "C\0\0\0\6S\0"),
                Golden.of(Close.portal("p1"), "C\0\0\0\10Pp1\0"),
                Golden.of(new Execute("p"), "E\0\0\0\12p\0\0\0\0\0"),
                Golden.of(new Execute("", 258), "E\0\0\0\11\0\0\0\1\2"),
                Golden.of(new Sync(), "S\0\0\0\4"),
                Golden.of(new Flush(), "H\0\0\0\4"),
                Golden.of(new Terminate(), "X\0\0\0\4"),
                Golden.of(new CopyDone(), "c\0\0\0\4"),
                Golden.of(new CopyFail("no more"), "f\0\0\0\14no more\0"),
                Golden.of(
                        new FunctionCall(
                                1598,
                                List.of(FormatCode.BINARY),
                                Collections.singletonList(null),
                                FormatCode.TEXT),
                        "F\0\0\0\24\0\0\6\76\0\1\0\1\0\1\u00ff\u00ff\u00ff\u00ff\0\0"),
                Golden.of(new PasswordMessage("sesam"), "p\0\0\0\12sesam\0"),
                new Golden(
                        new SASLInitialResponse("SCRAM-SHA-256", Bytes.ofText("n,,n=,r=x")),
                        Awaited.SASL_INITIAL_RESPONSE,
                        false,
                        "p\0\0\0\37SCRAM-SHA-256\0\0\0\0\11n,,n=,r=x"),
                new Golden(
                        new SASLInitialResponse("EXTERNAL", null),
                        Awaited.SASL_INITIAL_RESPONSE,
                        false,
                        "p\0\0\0\21EXTERNAL\0\u00ff\u00ff\u00ff\u00ff"),
                new Golden(
                        new SASLResponse(Bytes.ofText("c=biws")),
                        Awaited.SASL_RESPONSE,
                        true,
                        "p\0\0\0\12c=biws"),
                new Golden(
                        new GSSResponse(Bytes.copyOf(new byte[] {0, -1})),
                        Awaited.GSS_RESPONSE,
                        true,
                        "p\0\0\0\6\0\u00ff"),
                new Golden(
                        new CopyData(Bytes.ofText("1\t2\n")),
                        Awaited.PASSWORD,
                        true,
                        "d\0\0\0\0101\t2\n"),
                new Golden(new CopyData(Bytes.EMPTY), Awaited.PASSWORD, true, "d\0\0\0\4"));
    }

    @Test
    void everyMessageHasGoldenBytes() {
        assertThat(golden().map(g -> (Object) g.message().getClass()).collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(
                        (Object[]) FrontendMessage.class.getPermittedSubclasses());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void encodesToGoldenBytes(Golden golden) {
        assertThat(WireBytes.encoded(golden.message()::encode)).isEqualTo(golden.whole());
        assertThat(golden.message().type()).isEqualTo(golden.whole()[0]);
    }

    @ParameterizedTest
    @MethodSource("golden")
    void decodesFromGoldenBytes(Golden golden) {
        assertThat(golden.decode(golden.body())).isEqualTo(golden.message());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void refusesEveryTruncation(Golden golden) {
        byte[] body = golden.body();
        for (int cut = 0; cut < body.length; cut++) {
            byte[] truncated = Arrays.copyOf(body, cut);

            if (golden.opaque()) {
                assertThat(golden.decode(truncated)).isNotEqualTo(golden.message());
            } else {
                assertThatExceptionOfType(ProtocolException.class)
                        .as("cut at %d", cut)
                        .isThrownBy(() -> golden.decode(truncated));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void refusesBytesAfterTheEnd(Golden golden) {
        byte[] longer = Arrays.copyOf(golden.body(), golden.body().length + 1);

        if (golden.opaque()) {
            assertThat(golden.decode(longer)).isNotEqualTo(golden.message());
        } else {
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> golden.decode(longer))
                    .withMessageContaining("1 bytes after its end");
        }
    }

    @Test
    void refusesExactlyTheUnknownTypes() {
        Set<Byte> known =
                golden().map(g -> g.message().type()).collect(Collectors.toUnmodifiableSet());
        for (int type = Byte.MIN_VALUE; type <= Byte.MAX_VALUE; type++) {
            byte b = (byte) type;
            assertThat(FrontendType.isKnown(b)).as("type %d", type).isEqualTo(known.contains(b));
            if (!known.contains(b)) {
                assertThatExceptionOfType(ProtocolException.class)
                        .isThrownBy(
                                () ->
                                        WireBytes.decoded(
                                                new byte[0], in -> FrontendMessages.decode(b, in)))
                        .withMessage("invalid frontend message type " + (type & 0xFF));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Awaited.class)
    void randomBodiesGiveAProtocolExceptionOrAValueOfTheSameBytes(Awaited awaited) {
        var random = new Random(5);
        List<Golden> seeds = golden().toList();
        int values = 0;
        for (int i = 0; i < FUZZ_INPUTS; i++) {
            byte type = (byte) random.nextInt(256);
            byte[] body = new byte[random.nextInt(40)];
            random.nextBytes(body);
            if (random.nextBoolean()) {
                Golden seed = seeds.get(random.nextInt(seeds.size()));
                type = seed.message().type();
                body = seed.body();
                if (body.length > 0) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt(256);
                }
            }
            values += decodesToSameBytesOrThrows(type, body, awaited) ? 1 : 0;
        }
        assertThat(values).isBetween(FUZZ_INPUTS / 20, FUZZ_INPUTS - FUZZ_INPUTS / 20);
    }

    private static boolean decodesToSameBytesOrThrows(byte type, byte[] body, Awaited awaited) {
        FrontendMessage message;
        try {
            message = WireBytes.decoded(body, in -> FrontendMessages.decode(type, in, awaited));
        } catch (ProtocolException e) {
            assertThat(e.sqlState()).isEqualTo(SqlState.PROTOCOL_VIOLATION);
            return false;
        }
        byte[] encoded = WireBytes.encoded(message::encode);
        assertThat(Arrays.copyOfRange(encoded, Frames.HEADER_BYTES, encoded.length))
                .isEqualTo(body);
        return true;
    }

    @Test
    void refusesACountThatDoesNotFit() {
        byte[] body = WireBytes.of("\0\0\u00ff\u00ff\0\0");

        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> WireBytes.decoded(body, Parse::decode))
                .withMessage("Parse: parameter types needs 262140 bytes, 2 are left");
    }

    @Test
    void refusesAParameterOfNegativeLength() {
        byte[] body = WireBytes.of("\0\0\0\0\0\1\u00ff\u00ff\u00ff\u00fe\0\0");

        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> WireBytes.decoded(body, Bind::decode))
                .withMessage("Bind: parameters is -2");
    }

    @Test
    void takesAsManyParametersAsACountHolds() {
        List<Bytes> most = Collections.nCopies(65_535, Bytes.EMPTY);
        var message = new Bind("", "", List.of(), List.copyOf(most), List.of());

        byte[] encoded = WireBytes.encoded(message::encode);

        byte[] body = Arrays.copyOfRange(encoded, Frames.HEADER_BYTES, encoded.length);
        assertThat(WireBytes.decoded(body, Bind::decode)).isEqualTo(message);
    }

    @Test
    void refusesToEncodeMoreParametersThanACountHolds() {
        List<Integer> tooMany = Collections.nCopies(65_536, 0);

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> WireBytes.encoded(new Parse("", "", tooMany)::encode));
    }

    @Test
    void hidesSecretsInText() {
        assertThat(new PasswordMessage("sesam").toString()).doesNotContain("sesam");
        assertThat(new SASLResponse(Bytes.ofText("sesam")).toString()).doesNotContain("sesam");
        assertThat(new SASLInitialResponse("X", Bytes.ofText("sesam")).toString())
                .doesNotContain("sesam");
    }
}
