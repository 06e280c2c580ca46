package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;

/**
 * The io_uring transport. Threads: immutable.
 *
 * <p>The only class that reaches what Netty keeps package-private: the constructors that take an
 * existing descriptor, the mark that a descriptor is no longer the channel's to close, the flag
 * that a server channel is bound, and those that tell whether a read is needed. Without {@code
 * module-info} no {@code --add-opens} is needed.
 */
final class IoUringSockets implements Sockets {
    /** {@code LinuxSocket(int)} as a function int to FileDescriptor. */
    private final MethodHandle newSocket;

    private final MethodHandle newTcp;
    private final MethodHandle newUnix;
    private final MethodHandle markClosed;
    private final VarHandle active;
    private final VarHandle hangUpSeen;
    private final VarHandle moreToRead;

    /**
     * Finds the members.
     *
     * @throws ReflectiveOperationException the Netty on the class path is another one than this
     *     class was written for
     */
    IoUringSockets() throws ReflectiveOperationException {
        Class<?> socket = Class.forName("io.netty.channel.uring.LinuxSocket");
        Class<?> base = Class.forName("io.netty.channel.uring.AbstractIoUringChannel");
        MethodHandles.Lookup uring = MethodHandles.privateLookupIn(socket, MethodHandles.lookup());
        MethodHandles.Lookup unix =
                MethodHandles.privateLookupIn(FileDescriptor.class, MethodHandles.lookup());
        MethodType fromSocket = MethodType.methodType(void.class, Channel.class, socket);
        MethodType adopting = MethodType.methodType(Channel.class, Channel.class, Object.class);
        newSocket =
                uring.findConstructor(socket, MethodType.methodType(void.class, int.class))
                        .asType(MethodType.methodType(Object.class, int.class));
        newTcp = uring.findConstructor(IoUringSocketChannel.class, fromSocket).asType(adopting);
        newUnix =
                uring.findConstructor(IoUringDomainSocketChannel.class, fromSocket)
                        .asType(adopting);
        markClosed =
                unix.findVirtual(
                        FileDescriptor.class, "markClosed", MethodType.methodType(boolean.class));
        MethodHandles.Lookup channels = MethodHandles.privateLookupIn(base, MethodHandles.lookup());
        active = channels.findVarHandle(base, "active", boolean.class);
        moreToRead =
                channels.findVarHandle(base, "socketHasMoreData", boolean.class)
                        .withInvokeBehavior();
        Class<?> reads = Class.forName("io.netty.channel.uring.IoUringRecvByteAllocatorHandle");
        hangUpSeen =
                MethodHandles.privateLookupIn(reads, MethodHandles.lookup())
                        .findVarHandle(reads, "rdHupReceived", boolean.class)
                        .withInvokeBehavior();
    }

    @Override
    public TransportChoice kind() {
        return TransportChoice.IO_URING;
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        return IoUringIoHandler.newFactory();
    }

    @Override
    public Channel newTcp() {
        return new IoUringSocketChannel();
    }

    @Override
    public Channel newUnix() {
        return new IoUringDomainSocketChannel();
    }

    @Override
    public ServerChannel newTcpServer() {
        return new IoUringServerSocketChannel();
    }

    @Override
    public void prepare(Channel channel) {
        SocketOptions.applyBuffers(channel);
        channel.pipeline().addFirst(new ReadGuard(this::readOnAfterHangUp));
    }

    /** See {@link ReadGuard}. */
    private void readOnAfterHangUp(Channel channel) {
        if ((boolean) hangUpSeen.get((Object) channel.unsafe().recvBufAllocHandle())) {
            moreToRead.set((Object) channel, true);
        }
    }

    @Override
    public Channel adopt(int fd, boolean unix) {
        return call(
                () ->
                        (Channel)
                                (unix ? newUnix : newTcp)
                                        .invokeExact((Channel) null, newSocket.invokeExact(fd)));
    }

    /**
     * No constructor of a server channel takes a descriptor. So a fresh channel's own descriptor is
     * made to mean our socket (dup3), and the channel is told that it is bound.
     */
    @Override
    public ServerChannel adoptServer(int fd, boolean unix) throws IOException {
        ServerChannel channel =
                unix ? new IoUringServerDomainSocketChannel() : new IoUringServerSocketChannel();
        FileDescriptor own = ((UnixChannel) channel).fd();
        try {
            Posix.dup3(fd, own.intValue());
        } catch (IOException e) {
            own.close();
            throw e;
        }
        new FileDescriptor(fd).close();
        active.setVolatile(channel, true);
        return channel;
    }

    @Override
    public boolean canRegisterAgain() {
        return false;
    }

    @Override
    public Channel takeOver(Channel deregistered) throws IOException {
        FileDescriptor fd = ((UnixChannel) deregistered).fd();
        boolean unix = deregistered instanceof IoUringDomainSocketChannel;
        if (!call(() -> (boolean) markClosed.invokeExact(fd))) {
            throw new IOException("connection closed while it moved");
        }
        Channel next = adopt(fd.intValue(), unix);
        deregistered.close(); // completes its closeFuture; the descriptor is no longer its own
        return next;
    }

    private interface Call<T> {
        T run() throws Throwable;
    }

    /** The members called declare no checked exception, so anything thrown is unchecked. */
    private static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
