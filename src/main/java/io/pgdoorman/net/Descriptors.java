package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Takes a descriptor away from its channel, so that the channel can be closed and the connection
 * goes on. Netty has no call for it: its mark that a descriptor is closed is set instead. Threads:
 * no state; a channel's own loop.
 */
final class Descriptors {
    private static final MethodHandle MARK_CLOSED = markClosed();

    private Descriptors() {}

    private static MethodHandle markClosed() {
        try {
            return MethodHandles.privateLookupIn(FileDescriptor.class, MethodHandles.lookup())
                    .findVirtual(
                            FileDescriptor.class,
                            "markClosed",
                            MethodType.methodType(boolean.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this build does not fit its Netty library", e);
        }
    }

    /**
     * The descriptor of a deregistered channel, the caller's from now on. The channel must still be
     * closed, which completes its {@code closeFuture} and nothing more.
     *
     * @throws IOException the channel was closed before
     */
    static int release(Channel deregistered) throws IOException {
        FileDescriptor fd = ((UnixChannel) deregistered).fd();
        boolean marked;
        try {
            marked = (boolean) MARK_CLOSED.invokeExact(fd);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // it declares no checked exception
        }
        if (!marked) {
            throw new IOException("the connection was closed");
        }
        return fd.intValue();
    }
}
