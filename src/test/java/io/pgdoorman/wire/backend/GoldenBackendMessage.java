package io.pgdoorman.wire.backend;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.WireBytes;
import io.pgdoorman.wire.backend.ErrorFields.Field;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A message and its bytes.
 *
 * @param fixedBytes from this many bytes of body on, any body is some message of that type
 */
record GoldenBackendMessage(BackendMessage message, int fixedBytes, String bytes) {
    static GoldenBackendMessage of(BackendMessage message, String bytes) {
        return new GoldenBackendMessage(message, Integer.MAX_VALUE, bytes);
    }

    byte[] whole() {
        return WireBytes.of(bytes);
    }

    byte[] body() {
        return Arrays.copyOfRange(whole(), Frames.HEADER_BYTES, bytes.length());
    }

    /** Every message, most in several forms. */
    static Stream<GoldenBackendMessage> all() {
        return Stream.concat(goldenAuthentication(), goldenOthers());
    }

    private static Stream<GoldenBackendMessage> goldenAuthentication() {
        return Stream.of(
                of(new AuthenticationOk(), "R\0\0\0\10\0\0\0\0"),
                of(new AuthenticationKerberosV5(), "R\0\0\0\10\0\0\0\2"),
                of(new AuthenticationCleartextPassword(), "R\0\0\0\10\0\0\0\3"),
                of(
                        new AuthenticationMD5Password(Bytes.copyOf(new byte[] {1, 0, -1, 2})),
                        "R\0\0\0\14\0\0\0\5\1\0\u00ff\2"),
                of(new AuthenticationGSS(), "R\0\0\0\10\0\0\0\7"),
                new GoldenBackendMessage(
                        new AuthenticationGSSContinue(Bytes.ofText("t")),
                        4,
                        "R\0\0\0\11\0\0\0\10t"),
                of(new AuthenticationSSPI(), "R\0\0\0\10\0\0\0\11"),
                of(
                        new AuthenticationSASL(List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")),
                        "R\0\0\0\52\0\0\0\12SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
                new GoldenBackendMessage(
                        new AuthenticationSASLContinue(Bytes.ofText("r=x")),
                        4,
                        "R\0\0\0\13\0\0\0\13r=x"),
                new GoldenBackendMessage(
                        new AuthenticationSASLFinal(Bytes.ofText("v=x")),
                        4,
                        "R\0\0\0\13\0\0\0\14v=x"));
    }

    private static Stream<GoldenBackendMessage> goldenOthers() {
        List<FormatCode> textAndBinary = List.of(FormatCode.TEXT, FormatCode.BINARY);
        return Stream.of(
                new GoldenBackendMessage(
                        new BackendKeyData(CancelKey.of(258, new byte[] {1, 2, 3, -1})),
                        8,
                        "K\0\0\0\14\0\0\1\2\1\2\3\u00ff"),
                new GoldenBackendMessage(
                        new BackendKeyData(CancelKey.of(1, new byte[32])),
                        8,
                        "K\0\0\0\50\0\0\0\1" + "\0".repeat(32)),
                of(new BindComplete(), "2\0\0\0\4"),
                of(new CloseComplete(), "3\0\0\0\4"),
                of(new CommandComplete("SELECT 1"), "C\0\0\0\15SELECT 1\0"),
                new GoldenBackendMessage(
                        new CopyData(Bytes.ofText("1\t2\n")), 0, "d\0\0\0\0101\t2\n"),
                of(new CopyDone(), "c\0\0\0\4"),
                of(
                        new CopyInResponse(FormatCode.TEXT, List.of(FormatCode.TEXT)),
                        "G\0\0\0\11\0\0\1\0\0"),
                of(
                        new CopyOutResponse(FormatCode.BINARY, textAndBinary),
                        "H\0\0\0\13\1\0\2\0\0\0\1"),
                of(new CopyBothResponse(FormatCode.TEXT, List.of()), "W\0\0\0\7\0\0\0"),
                of(new DataRow(List.of()), "D\0\0\0\6\0\0"),
                of(
                        DataRow.ofText("ä", null, ""),
                        "D\0\0\0\24\0\3\0\0\0\2\u00c3\u00a4\u00ff\u00ff\u00ff\u00ff\0\0\0\0"),
                of(new EmptyQueryResponse(), "I\0\0\0\4"),
                of(
                        ErrorResponse.of(Severity.FATAL, SqlState.TOO_MANY_CONNECTIONS, "no")
                                .withHint("wait"),
                        "E\0\0\0\44SFATAL\0VFATAL\0C53300\0Mno\0Hwait\0\0"),
                of(
                        new NoticeResponse(
                                new ErrorFields(
                                        List.of(
                                                new Field((byte) 'M', "m"),
                                                new Field((byte) 'x', "?")))),
                        "N\0\0\0\13Mm\0x?\0\0"),
                of(new FunctionCallResponse(Bytes.ofText("42")), "V\0\0\0\12\0\0\0\00242"),
                of(new FunctionCallResponse(null), "V\0\0\0\10\u00ff\u00ff\u00ff\u00ff"),
                of(
                        new NegotiateProtocolVersion(ProtocolVersion.V3_0, List.of("_pq_.x")),
                        "v\0\0\0\23\0\3\0\0\0\0\0\1_pq_.x\0"),
                of(new NoData(), "n\0\0\0\4"),
                of(new NotificationResponse(258, "c", "hi"), "A\0\0\0\15\0\0\1\2c\0hi\0"),
                of(new ParameterDescription(List.of()), "t\0\0\0\6\0\0"),
                of(
                        new ParameterDescription(List.of(23, -1)),
                        "t\0\0\0\16\0\2\0\0\0\27\u00ff\u00ff\u00ff\u00ff"),
                of(new ParameterStatus("TimeZone", "UTC"), "S\0\0\0\21TimeZone\0UTC\0"),
                of(new ParseComplete(), "1\0\0\0\4"),
                of(new PortalSuspended(), "s\0\0\0\4"),
                of(new ReadyForQuery(TransactionStatus.IDLE), "Z\0\0\0\5I"),
                of(new ReadyForQuery(TransactionStatus.IN_TRANSACTION), "Z\0\0\0\5T"),
                of(new ReadyForQuery(TransactionStatus.FAILED), "Z\0\0\0\5E"),
                of(new RowDescription(List.of()), "T\0\0\0\6\0\0"),
                of(
                        new RowDescription(
                                List.of(
                                        RowDescription.Field.text("a"),
                                        new RowDescription.Field(
                                                "b",
                                                16_385,
                                                (short) 2,
                                                23,
                                                (short) 4,
                                                5,
                                                FormatCode.BINARY))),
                        "T\0\0\0\56\0\2"
                                + "a\0\0\0\0\0\0\0\0\0\0\31\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\0\0"
                                + "b\0\0\0\100\1\0\2\0\0\0\27\0\4\0\0\0\5\0\1"));
    }
}
