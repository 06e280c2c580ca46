package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

/**
 * A client got no server for its message: it is answered as PostgreSQL answers after an error, a
 * query at once, a batch of the extended protocol when its Sync has come. The session goes on.
 *
 * <p>Threads: confined to the client's loop.
 */
final class Refusal {
    private @Nullable ErrorResponse reason;
    private boolean told;

    boolean isActive() {
        return reason != null;
    }

    void begin(ErrorResponse why) {
        reason = why;
        told = false;
    }

    /** The reason, if its batch is not over yet; null otherwise. */
    @Nullable ErrorResponse reason() {
        return reason;
    }

    boolean isTold() {
        return told;
    }

    void restore(@Nullable ErrorResponse why, boolean wasTold) {
        reason = why;
        told = wasTold;
    }

    /** A message of the client, which is dropped; what it gets instead is written, not flushed. */
    void onMessage(byte type, Channel client) {
        ErrorResponse why = reason;
        if (why == null) {
            return;
        }
        switch (type) {
            case FrontendType.QUERY, FrontendType.FUNCTION_CALL, FrontendType.SYNC -> {
                tell(why, client);
                ClientOutput.writeReadyForQuery(client, TransactionStatus.IDLE);
                reason = null;
            }
            case FrontendType.PARSE,
                    FrontendType.BIND,
                    FrontendType.DESCRIBE,
                    FrontendType.EXECUTE,
                    FrontendType.CLOSE ->
                    tell(why, client);
            default -> {} // Flush and what belongs to a COPY that never began
        }
    }

    private void tell(ErrorResponse why, Channel client) {
        if (!told) {
            told = true;
            ClientOutput.write(client, why);
        }
    }
}
