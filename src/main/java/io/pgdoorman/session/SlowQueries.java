package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.backend.Server;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.WireStrings;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/**
 * Remembers what a client has running, and logs what took long, as the shape of the statement
 * alone. There is none while {@code log_slow_queries} is off.
 *
 * <p>Threads: confined to the client's loop.
 */
final class SlowQueries {
    /** Of a text so many bytes are looked at. */
    static final int MAX_BYTES = 1_024;

    private static final Logger LOG = LoggerFactory.getLogger(SlowQueries.class);
    private static final String UNKNOWN = "(a statement that is not known here)";

    /**
     * A statement, as it came.
     *
     * @param whole all of its text is here
     */
    private record Excerpt(byte[] text, boolean whole) {
        String shape() {
            return StatementShape.of(WireStrings.toText(text), whole);
        }
    }

    private static final Excerpt NOTHING = new Excerpt(new byte[0], false);

    private final ClientIdentity client;

    /** Of each query without an answer, the oldest first: an excerpt or a {@link Statement}. */
    private final Queue<Object> running = new ArrayDeque<>();

    /** The first statement of the batch whose Sync has not come yet. */
    private @Nullable Object batch;

    SlowQueries(ClientIdentity client) {
        this.client = client;
    }

    /**
     * A message is on its way to the server. Borrows {@code in}, which holds the body, or {@link
     * #MAX_BYTES} of it.
     *
     * @param statements those of the client; null if it has none
     */
    void onMessage(
            byte type, ByteBuf in, int index, int bodyLength, @Nullable StatementRelay statements) {
        int end = Math.min(index + bodyLength, in.writerIndex());
        switch (type) {
            case FrontendType.QUERY -> running.add(excerpt(in, index, end, bodyLength));
            case FrontendType.FUNCTION_CALL -> running.add(NOTHING);
            case FrontendType.PARSE -> {
                int name = in.indexOf(index, end, (byte) 0);
                if (batch == null && name >= 0) {
                    batch = excerpt(in, name + 1, end, bodyLength - (name + 1 - index));
                }
            }
            case FrontendType.BIND -> {
                if (batch == null && statements != null) {
                    batch = statements.boundBy(in, index, end);
                }
            }
            case FrontendType.SYNC -> {
                running.add(batch == null ? NOTHING : batch);
                batch = null;
            }
            default -> {} // tells nothing new
        }
    }

    private static Excerpt excerpt(ByteBuf in, int from, int to, int length) {
        int last = Math.min(to, from + MAX_BYTES);
        int nul = last > from ? in.indexOf(from, last, (byte) 0) : -1;
        byte[] text = new byte[(nul < 0 ? Math.max(from, last) : nul) - from];
        in.getBytes(from, text);
        return new Excerpt(text, nul >= 0 || length <= text.length);
    }

    /** The oldest has its answer. */
    void onAnswered(Server server, long tookNanos, long slowNanos) {
        Object what = running.poll();
        if (tookNanos >= slowNanos) {
            LOG.warn(
                    "{} slow query: {}ms pid={} {}",
                    client,
                    TimeUnit.NANOSECONDS.toMillis(tookNanos),
                    server.identity().cancelKey().processId(),
                    shape(what));
        }
    }

    private static String shape(@Nullable Object what) {
        String shape =
                switch (what) {
                    case Excerpt excerpt -> excerpt.shape();
                    case Statement statement -> shape(statement.text());
                    case null, default -> "";
                };
        return shape.isEmpty() || shape.equals(" ...") ? UNKNOWN : shape;
    }

    private static String shape(String text) {
        boolean whole = text.length() <= MAX_BYTES;
        return StatementShape.of(whole ? text : text.substring(0, MAX_BYTES), whole);
    }

    /** Nothing runs any more. */
    void clear() {
        running.clear();
        batch = null;
    }
}
