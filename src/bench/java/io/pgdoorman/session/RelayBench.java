package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.BindComplete;
import io.pgdoorman.wire.backend.CommandComplete;
import io.pgdoorman.wire.backend.CopyInResponse;
import io.pgdoorman.wire.backend.DataRow;
import io.pgdoorman.wire.backend.ParseComplete;
import io.pgdoorman.wire.backend.ReadyForQuery;
import io.pgdoorman.wire.backend.RowDescription;
import io.pgdoorman.wire.frontend.Bind;
import io.pgdoorman.wire.frontend.CopyData;
import io.pgdoorman.wire.frontend.Describe;
import io.pgdoorman.wire.frontend.Execute;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.Parse;
import io.pgdoorman.wire.frontend.Query;
import io.pgdoorman.wire.frontend.Sync;

import java.util.Collections;
import java.util.List;
import java.util.Queue;

/**
 * Two sessions and one server, all on channels without sockets; the benchmark hands in what would
 * have been read and takes out what would have been written. Threads: confined to one thread.
 */
final class RelayBench {
    private static final String SQL = "SELECT 4711";
    private static final RowDescription DESCRIPTION = RowDescription.ofText("aid");

    private final EmbeddedChannel client = new EmbeddedChannel();
    private final EmbeddedChannel other = new EmbeddedChannel();
    private final EmbeddedChannel server = new EmbeddedChannel();

    final byte[] query = frontend(new Query(SQL));
    final byte[] queryAnswer =
            backend(
                    DESCRIPTION,
                    DataRow.ofText("4711"),
                    new CommandComplete("SELECT 1"),
                    new ReadyForQuery(TransactionStatus.IDLE));
    final byte[] batch =
            frontend(
                    new Parse("", "SELECT $1"),
                    Bind.text("", "", "4711"),
                    Describe.portal(""),
                    new Execute("", 0),
                    new Sync());
    final byte[] batchAnswer =
            backend(
                    new ParseComplete(),
                    new BindComplete(),
                    DESCRIPTION,
                    DataRow.ofText("4711"),
                    new CommandComplete("SELECT 1"),
                    new ReadyForQuery(TransactionStatus.IDLE));
    private byte[] rows = {};
    private byte[] copyData = {};

    /** Two bytes behind the first message: in the middle of the header of the second. */
    private final int cut = backend(DESCRIPTION).length + 2;

    private boolean copying;
    private boolean sendingRows;

    /** Logs the server in, links it once and gives it back. */
    void start(int count) {
        BackendMessage row = DataRow.ofText("4711", "a row of about fifty bytes, with some text");
        rows = backend(Collections.nCopies(count, row).toArray(BackendMessage[]::new));
        FrontendMessage line =
                new CopyData(Bytes.ofText("4711\ta line of about fifty bytes, with some text\n"));
        copyData = frontend(Collections.nCopies(count, line).toArray(FrontendMessage[]::new));
        var surroundings = new RelaySurroundings(client.eventLoop(), server);
        surroundings.addSession(client);
        surroundings.addSession(other);
        read(client, query); // waits: the login is a task
        client.runPendingTasks();
        read(server, queryAnswer);
        if (drain(server) != query.length || drain(client) != queryAnswer.length) {
            throw new IllegalStateException("the first query was not relayed as it is");
        }
        if (transactionBehindAnother() != 2L * (query.length + queryAnswer.length)) {
            throw new IllegalStateException("the waiting query was not relayed as it is");
        }
    }

    void close() {
        client.close();
        other.close();
        server.close();
    }

    /** Returns the bytes written, so that no result is left unused. */
    long transaction(byte[] request, byte[] answer) {
        read(client, request);
        long sent = drain(server);
        read(server, answer);
        return sent + drain(client);
    }

    long transactionInPieces() {
        read(client, query);
        long sent = drain(server);
        read(server, queryAnswer, 0, cut);
        read(server, queryAnswer, cut, queryAnswer.length);
        return sent + drain(client);
    }

    /** Two transactions; the second has to wait for the server of the first. */
    long transactionBehindAnother() {
        read(client, query);
        read(other, query);
        long sent = drain(server);
        read(server, queryAnswer);
        sent += drain(client) + drain(server);
        read(server, queryAnswer);
        return sent + drain(other);
    }

    long rows() {
        if (!sendingRows) {
            sendingRows = true;
            read(client, query);
            drain(server);
        }
        read(server, rows);
        return drain(client);
    }

    long copyData() {
        if (!copying) {
            copying = true;
            read(client, query);
            drain(server);
            read(server, backend(new CopyInResponse(FormatCode.TEXT, List.of())));
            drain(client);
        }
        read(client, copyData);
        return drain(server);
    }

    private static void read(EmbeddedChannel channel, byte[] bytes) {
        read(channel, bytes, 0, bytes.length);
    }

    /** As an event loop would after a read of these bytes. */
    private static void read(EmbeddedChannel channel, byte[] bytes, int from, int to) {
        ByteBuf in = channel.alloc().directBuffer(to - from);
        in.writeBytes(bytes, from, to - from);
        channel.pipeline().fireChannelRead(in).fireChannelReadComplete();
    }

    private static long drain(EmbeddedChannel channel) {
        Queue<Object> written = channel.outboundMessages();
        long bytes = 0;
        for (Object message = written.poll(); message != null; message = written.poll()) {
            bytes += ((ByteBuf) message).readableBytes();
            ReferenceCountUtil.release(message);
        }
        return bytes;
    }

    private static byte[] frontend(FrontendMessage... messages) {
        ByteBuf out = Unpooled.buffer();
        for (FrontendMessage message : messages) {
            message.encode(out);
        }
        return ByteBufUtil.getBytes(out);
    }

    private static byte[] backend(BackendMessage... messages) {
        ByteBuf out = Unpooled.buffer();
        for (BackendMessage message : messages) {
            message.encode(out);
        }
        return ByteBufUtil.getBytes(out);
    }
}
