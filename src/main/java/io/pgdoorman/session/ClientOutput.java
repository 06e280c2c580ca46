package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.net.GracefulClose;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ReadyForQuery;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/** Messages the pooler itself writes to a client. Threads: confined to the client's loop. */
final class ClientOutput {
    private ClientOutput() {}

    /** Writes without flush. */
    static void write(Channel client, BackendMessage message) {
        ByteBuf out = client.alloc().buffer(128);
        message.encode(out);
        client.write(out, client.voidPromise());
    }

    /** Closes so that the client can read what was written, and {@code last} behind it. */
    static void closeAfter(Channel client, @Nullable ErrorResponse last) {
        ByteBuf out = client.alloc().buffer(256);
        if (last != null) {
            last.encode(out);
        }
        GracefulClose.close(client, out, Duration.ZERO);
    }

    static void writeReadyForQuery(Channel client, TransactionStatus status) {
        write(client, new ReadyForQuery(status));
    }

    static void writeError(Channel client, ErrorResponse error) {
        write(client, error);
    }
}
