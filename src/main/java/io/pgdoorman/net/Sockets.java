package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;

import java.io.IOException;

/** What differs between the two transports. Threads: any. */
sealed interface Sockets permits EpollSockets, IoUringSockets {
    TransportChoice kind();

    IoHandlerFactory newIoHandlerFactory();

    Channel newTcp();

    Channel newUnix();

    ServerChannel newTcpServer();

    /** Watches every connection. */
    DeadPeers peers();

    /**
     * Sets up a new stream channel: buffers, a watch on its peer, and what the transport needs in
     * its pipeline.
     */
    void prepare(Channel channel);

    /** A channel on a connected stream socket. Takes ownership of {@code fd}. */
    Channel adopt(int fd, boolean unix) throws IOException;

    /** A channel on a listening socket. Takes ownership of {@code fd}. */
    ServerChannel adoptServer(int fd, boolean unix) throws IOException;

    /** Whether a channel may be registered with another loop after it was deregistered. */
    boolean canRegisterAgain();

    /**
     * Makes a new channel of a deregistered one's descriptor, and the old channel forget it. Only
     * where {@link #canRegisterAgain} is false.
     */
    Channel takeOver(Channel deregistered) throws IOException;

    /**
     * Brings a write that the kernel is just doing to an end, whether its peer reads or not.
     *
     * @param then called on the channel's loop; nothing is under way then
     */
    void settleWrites(Channel channel, Runnable then);
}
