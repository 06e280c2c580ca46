package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
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
import java.util.concurrent.TimeUnit;

/**
 * The io_uring transport. Threads: immutable.
 *
 * <p>The only class that reaches what Netty keeps package-private: the constructors that take an
 * existing descriptor, the mark that a descriptor is no longer the channel's to close, the flag
 * that a server channel is bound, and those that tell whether a read is needed. Without {@code
 * module-info} no {@code --add-opens} is needed.
 */
final class IoUringSockets implements Sockets {
    private final DeadPeers peers = new DeadPeers();

    /** Netty's flag in a channel's state: a write is with the kernel. */
    private static final int WRITE_SCHEDULED = 1 << 4;

    private static final long SETTLE_STEP_MICROS = 50;

    /** {@code LinuxSocket(int)} as a function int to FileDescriptor. */
    private final MethodHandle newSocket;

    private final MethodHandle newTcp;
    private final MethodHandle newUnix;
    private final MethodHandle cancelWrites;
    private final VarHandle ioState;
    private final VarHandle writesUnderWay;
    private final MethodHandle registration;
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
        MethodType fromSocket = MethodType.methodType(void.class, Channel.class, socket);
        MethodType adopting = MethodType.methodType(Channel.class, Channel.class, Object.class);
        newSocket =
                uring.findConstructor(socket, MethodType.methodType(void.class, int.class))
                        .asType(MethodType.methodType(Object.class, int.class));
        newTcp = uring.findConstructor(IoUringSocketChannel.class, fromSocket).asType(adopting);
        newUnix =
                uring.findConstructor(IoUringDomainSocketChannel.class, fromSocket)
                        .asType(adopting);
        MethodHandles.Lookup channels = MethodHandles.privateLookupIn(base, MethodHandles.lookup());
        registration =
                channels.findVirtual(
                                base, "registration", MethodType.methodType(IoRegistration.class))
                        .asType(MethodType.methodType(IoRegistration.class, Channel.class));
        cancelWrites =
                channels.findVirtual(
                                base,
                                "cancelOutstandingWrites",
                                MethodType.methodType(void.class, IoRegistration.class, int.class))
                        .asType(
                                MethodType.methodType(
                                        void.class,
                                        Channel.class,
                                        IoRegistration.class,
                                        int.class));
        ioState = channels.findVarHandle(base, "ioState", byte.class).withInvokeBehavior();
        writesUnderWay =
                channels.findVarHandle(base, "numOutstandingWrites", short.class)
                        .withInvokeBehavior();
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
    public DeadPeers peers() {
        return peers;
    }

    @Override
    public void prepare(Channel channel) {
        SocketOptions.applyBuffers(channel);
        peers.add(channel);
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
        boolean unix = deregistered instanceof IoUringDomainSocketChannel;
        Channel next = adopt(Descriptors.release(deregistered), unix);
        deregistered.close(); // completes its closeFuture; the descriptor is no longer its own
        return next;
    }

    /**
     * A send to a peer that does not read stays with the kernel until it is cancelled, and when it
     * comes back Netty would send again. Netty does not while more writes are under way, so one too
     * many is counted.
     */
    @Override
    public void settleWrites(Channel channel, Runnable then) {
        short count = (short) writesUnderWay.get((Object) channel);
        if (count == 0) {
            then.run();
            return;
        }
        call(
                () -> {
                    var at = (IoRegistration) registration.invokeExact(channel);
                    cancelWrites.invokeExact(channel, at, (int) count);
                    return true;
                });
        writesUnderWay.set((Object) channel, (short) (count + 1));
        awaitWrites(channel, then);
    }

    private void awaitWrites(Channel channel, Runnable then) {
        if ((short) writesUnderWay.get((Object) channel) == 1) {
            writesUnderWay.set((Object) channel, (short) 0);
            byte state = (byte) ioState.get((Object) channel);
            ioState.set((Object) channel, (byte) (state & ~WRITE_SCHEDULED));
            then.run();
        } else {
            // Not execute(): completions are looked at only between runs of tasks.
            channel.eventLoop()
                    .schedule(
                            () -> awaitWrites(channel, then),
                            SETTLE_STEP_MICROS,
                            TimeUnit.MICROSECONDS);
        }
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
