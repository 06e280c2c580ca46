package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.wire.backend.AuthenticationOk;
import io.pgdoorman.wire.backend.BackendKeyData;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.BackendMessages;
import io.pgdoorman.wire.backend.BindComplete;
import io.pgdoorman.wire.backend.CloseComplete;
import io.pgdoorman.wire.backend.CommandComplete;
import io.pgdoorman.wire.backend.CopyData;
import io.pgdoorman.wire.backend.CopyDone;
import io.pgdoorman.wire.backend.CopyInResponse;
import io.pgdoorman.wire.backend.CopyOutResponse;
import io.pgdoorman.wire.backend.DataRow;
import io.pgdoorman.wire.backend.EmptyQueryResponse;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.FunctionCallResponse;
import io.pgdoorman.wire.backend.NegotiateProtocolVersion;
import io.pgdoorman.wire.backend.NoData;
import io.pgdoorman.wire.backend.NoticeResponse;
import io.pgdoorman.wire.backend.NotificationResponse;
import io.pgdoorman.wire.backend.ParameterDescription;
import io.pgdoorman.wire.backend.ParameterStatus;
import io.pgdoorman.wire.backend.ParseComplete;
import io.pgdoorman.wire.backend.PortalSuspended;
import io.pgdoorman.wire.backend.ReadyForQuery;
import io.pgdoorman.wire.backend.RowDescription;
import io.pgdoorman.wire.frontend.Bind;
import io.pgdoorman.wire.frontend.CancelRequest;
import io.pgdoorman.wire.frontend.Close;
import io.pgdoorman.wire.frontend.CopyFail;
import io.pgdoorman.wire.frontend.Describe;
import io.pgdoorman.wire.frontend.Execute;
import io.pgdoorman.wire.frontend.Flush;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.FunctionCall;
import io.pgdoorman.wire.frontend.Parse;
import io.pgdoorman.wire.frontend.Query;
import io.pgdoorman.wire.frontend.SSLRequest;
import io.pgdoorman.wire.frontend.StartupMessage;
import io.pgdoorman.wire.frontend.StartupPacket;
import io.pgdoorman.wire.frontend.Sync;
import io.pgdoorman.wire.frontend.Terminate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The messages as PostgreSQL itself sends and takes them. Every message received here must encode
 * to the bytes it came in.
 */
@ExtendWith(LeakCheck.class)
class PostgresMessagesIT {
    private static final Duration READ_LIMIT = Duration.ofSeconds(30);
    private static final ProtocolVersion UNKNOWN_MINOR = new ProtocolVersion(3, 9999);

    /** A connection that speaks whole messages. */
    private static final class Session implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        Session() throws IOException {
            socket = new Socket();
            socket.connect(PostgresServer.shared().address());
            socket.setSoTimeout((int) READ_LIMIT.toMillis());
            in = new DataInputStream(socket.getInputStream());
        }

        static Session login(ProtocolVersion version) throws IOException {
            var session = new Session();
            session.send(startup(version, Map.of()));
            return session;
        }

        void send(StartupPacket packet) throws IOException {
            socket.getOutputStream().write(WireBytes.encoded(packet::encode));
        }

        void send(FrontendMessage... messages) throws IOException {
            socket.getOutputStream()
                    .write(
                            WireBytes.encoded(
                                    out -> {
                                        for (FrontendMessage message : messages) {
                                            message.encode(out);
                                        }
                                    }));
        }

        BackendMessage receive() throws IOException {
            byte type = in.readByte();
            int length = in.readInt();
            Frames.checkBackendLength(type, length);
            byte[] body = in.readNBytes(length - Integer.BYTES);
            BackendMessage message = WireBytes.decoded(body, b -> BackendMessages.decode(type, b));
            byte[] encoded = WireBytes.encoded(message::encode);
            assertThat(encoded)
                    .isEqualTo(
                            WireBytes.encoded(
                                    out -> out.writeByte(type).writeInt(length).writeBytes(body)));
            return message;
        }

        /** All messages up to and with the first of that type. */
        List<BackendMessage> receiveUntil(Class<? extends BackendMessage> last) throws IOException {
            List<BackendMessage> messages = new ArrayList<>();
            do {
                messages.add(receive());
            } while (!last.isInstance(messages.getLast()));
            return messages;
        }

        List<Object> typesUntilReady() throws IOException {
            return types(receiveUntil(ReadyForQuery.class));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static StartupMessage startup(ProtocolVersion version, Map<String, String> more) {
        var parameters = new LinkedHashMap<>(Map.of("user", PostgresServer.APP));
        parameters.put("database", PostgresServer.SUPERUSER);
        parameters.putAll(more);
        return new StartupMessage(version, parameters);
    }

    private static List<Object> types(List<BackendMessage> messages) {
        return messages.stream().<Object>map(BackendMessage::getClass).toList();
    }

    private static <T> T only(Class<T> type, List<BackendMessage> messages) {
        List<T> found = messages.stream().filter(type::isInstance).map(type::cast).toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @Test
    void logsInWithAShortCancelKeyInProtocol30() throws IOException {
        try (var session = Session.login(ProtocolVersion.V3_0)) {
            List<BackendMessage> messages = session.receiveUntil(ReadyForQuery.class);

            assertThat(messages.getFirst()).isEqualTo(new AuthenticationOk());
            assertThat(only(BackendKeyData.class, messages).key().secretBytes()).isEqualTo(4);
            assertThat(messages).hasAtLeastOneElementOfType(ParameterStatus.class);
            assertThat(messages.getLast()).isEqualTo(new ReadyForQuery(TransactionStatus.IDLE));
            session.send(new Terminate());
            assertThat(session.in.read()).isEqualTo(-1);
        }
    }

    @Test
    void negotiatesVersionAndOptionsByFullVersionNumber() throws IOException {
        try (var session = new Session()) {
            session.send(startup(UNKNOWN_MINOR, Map.of("_pq_.nonsense", "1")));

            var answer =
                    only(NegotiateProtocolVersion.class, session.receiveUntil(ReadyForQuery.class));
            assertThat(answer.newest().major()).isEqualTo(3);
            assertThat(answer.newest().isAtLeast(UNKNOWN_MINOR)).isFalse();
            assertThat(answer.unrecognizedOptions()).containsExactly("_pq_.nonsense");
        }
    }

    @Test
    void answersAnSslRequestWithOneByte() throws IOException {
        try (var session = new Session()) {
            session.send(new SSLRequest());

            assertThat(session.in.readByte()).isIn((byte) 'N', (byte) 'S');
        }
    }

    @Test
    void runsSimpleQueries() throws IOException {
        try (var session = Session.login(ProtocolVersion.V3_0)) {
            session.receiveUntil(ReadyForQuery.class);
            session.send(
                    new Query("SELECT 'ä' AS a, NULL::int4 AS b; DO $$BEGIN RAISE 'x'; END$$"));

            List<BackendMessage> messages = session.receiveUntil(ReadyForQuery.class);
            assertThat(types(messages))
                    .containsExactly(
                            RowDescription.class,
                            DataRow.class,
                            CommandComplete.class,
                            ErrorResponse.class,
                            ReadyForQuery.class);
            assertThat(messages.get(1)).isEqualTo(DataRow.ofText("ä", null));
            assertThat(only(ErrorResponse.class, messages).sqlState()).isEqualTo("P0001");
            session.send(new Query(""));
            assertThat(session.typesUntilReady())
                    .containsExactly(EmptyQueryResponse.class, ReadyForQuery.class);
            session.send(new Query("LISTEN c; NOTIFY c, 'hi'; DROP TABLE IF EXISTS nothing"));
            assertThat(session.typesUntilReady())
                    .contains(NoticeResponse.class, NotificationResponse.class);
        }
    }

    @Test
    void runsTheExtendedProtocol() throws IOException {
        try (var session = Session.login(ProtocolVersion.V3_0)) {
            session.receiveUntil(ReadyForQuery.class);
            session.send(
                    new Parse("s", "SELECT generate_series(1, $1)", List.of(23)),
                    Describe.statement("s"),
                    new Bind(
                            "",
                            "s",
                            List.of(FormatCode.TEXT),
                            List.of(Bytes.ofText("2")),
                            List.of(FormatCode.BINARY)),
                    Describe.portal(""),
                    new Execute("", 1),
                    new Flush());
            assertThat(types(session.receiveUntil(PortalSuspended.class)))
                    .containsExactly(
                            ParseComplete.class,
                            ParameterDescription.class,
                            RowDescription.class,
                            BindComplete.class,
                            RowDescription.class,
                            DataRow.class,
                            PortalSuspended.class);
            session.send(
                    new Execute(""),
                    Close.statement("s"),
                    new Parse("", "BEGIN"),
                    Bind.text("", ""),
                    Describe.portal(""),
                    new Sync());
            assertThat(session.typesUntilReady())
                    .containsExactly(
                            DataRow.class,
                            CommandComplete.class,
                            CloseComplete.class,
                            ParseComplete.class,
                            BindComplete.class,
                            NoData.class,
                            ReadyForQuery.class);
        }
    }

    @Test
    void copiesBothWaysAndCallsAFunction() throws IOException {
        try (var session = Session.login(ProtocolVersion.V3_0)) {
            session.receiveUntil(ReadyForQuery.class);
            session.send(new Query("CREATE TEMP TABLE t (a int); COPY t FROM STDIN"));
            assertThat(types(session.receiveUntil(CopyInResponse.class)))
                    .containsExactly(CommandComplete.class, CopyInResponse.class);
            session.send(
                    new io.pgdoorman.wire.frontend.CopyData(Bytes.ofText("1\n")),
                    new io.pgdoorman.wire.frontend.CopyDone());
            assertThat(session.receiveUntil(ReadyForQuery.class))
                    .contains(new CommandComplete("COPY 1"));
            session.send(new Query("COPY t TO STDOUT; COPY t FROM STDIN"));
            assertThat(types(session.receiveUntil(CopyInResponse.class)))
                    .containsExactly(
                            CopyOutResponse.class,
                            CopyData.class,
                            CopyDone.class,
                            CommandComplete.class,
                            CopyInResponse.class);
            session.send(new CopyFail("enough"));
            assertThat(
                            only(ErrorResponse.class, session.receiveUntil(ReadyForQuery.class))
                                    .message())
                    .contains("enough");
            int int4pl = 177;
            session.send(
                    new FunctionCall(
                            int4pl,
                            List.of(),
                            List.of(Bytes.ofText("40"), Bytes.ofText("2")),
                            FormatCode.TEXT));
            assertThat(session.receiveUntil(ReadyForQuery.class))
                    .contains(new FunctionCallResponse(Bytes.ofText("42")));
        }
    }

    @Test
    void cancelsByTheLongKeyOfProtocol32() throws IOException {
        try (var session = Session.login(ProtocolVersion.V3_2);
                var canceller = new Session()) {
            CancelKey key =
                    only(BackendKeyData.class, session.receiveUntil(ReadyForQuery.class)).key();
            // a notice is flushed at once, so the query is known to run when it is here
            session.send(new Query("DO $$BEGIN RAISE NOTICE 'x'; PERFORM pg_sleep(60); END$$"));
            session.receiveUntil(NoticeResponse.class);

            canceller.send(new CancelRequest(key));

            assertThat(
                            only(ErrorResponse.class, session.receiveUntil(ReadyForQuery.class))
                                    .sqlState())
                    .isEqualTo(SqlState.QUERY_CANCELED);
            assertThat(key.secretBytes()).isGreaterThan(CancelKey.MIN_SECRET_BYTES);
        }
    }
}
