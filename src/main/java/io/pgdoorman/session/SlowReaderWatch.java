package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.net.Transport;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Notices a client that takes no byte for too long while it keeps a server from others. However
 * slowly it reads, it is left alone as long as it reads.
 *
 * <p>Threads: confined to the client's loop.
 */
final class SlowReaderWatch {
    private final Channel client;
    private final LongSupplier limitNanos;
    private final BooleanSupplier holdsServer;
    private final Runnable onStalled;
    private boolean armed;
    private boolean progressed;
    private long missingBytes;
    private long queuedBytes;

    /**
     * @param limitNanos asked each time; 0 is no limit
     * @param holdsServer whether the client keeps a server at the moment
     */
    SlowReaderWatch(
            Channel client,
            LongSupplier limitNanos,
            BooleanSupplier holdsServer,
            Runnable onStalled) {
        this.client = client;
        this.limitNanos = limitNanos;
        this.holdsServer = holdsServer;
        this.onStalled = onStalled;
    }

    /**
     * Writes to the client without flush. What is added while it is watched must not hide what it
     * has taken. Consumes {@code bytes}.
     */
    void write(ByteBuf bytes) {
        if (!armed) {
            client.write(bytes, client.voidPromise());
            return;
        }
        long before = client.bytesBeforeWritable();
        client.write(bytes, client.voidPromise());
        missingBytes += client.bytesBeforeWritable() - before;
    }

    /** The client has become writable or unwritable, or got a server. */
    void onChange() {
        if (client.isWritable()) {
            progressed = true;
        } else if (!armed && holdsServer.getAsBoolean()) {
            arm();
        }
    }

    private void arm() {
        long limit = limitNanos.getAsLong();
        if (limit == 0) {
            return;
        }
        armed = true;
        progressed = false;
        missingBytes = client.bytesBeforeWritable();
        queuedBytes = Transport.queuedBytes(client);
        client.eventLoop().schedule(this::look, limit, TimeUnit.NANOSECONDS);
    }

    private void look() {
        armed = false;
        if (client.isWritable() || !holdsServer.getAsBoolean()) {
            return;
        }
        // The kernel asks for more only when a good part of its buffer is free, which may be long.
        if (!progressed
                && client.bytesBeforeWritable() >= missingBytes
                && Transport.queuedBytes(client) >= queuedBytes) {
            onStalled.run();
        } else {
            arm();
        }
    }
}
