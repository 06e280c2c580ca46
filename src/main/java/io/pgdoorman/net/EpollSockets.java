package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;

import java.io.IOException;

/** The epoll transport. Threads: immutable. */
final class EpollSockets implements Sockets {
    private final DeadPeers peers = new DeadPeers();

    @Override
    public TransportChoice kind() {
        return TransportChoice.EPOLL;
    }

    @Override
    public IoHandlerFactory newIoHandlerFactory() {
        return EpollIoHandler.newFactory();
    }

    @Override
    public Channel newTcp() {
        return new EpollSocketChannel();
    }

    @Override
    public Channel newUnix() {
        return new EpollDomainSocketChannel();
    }

    @Override
    public ServerChannel newTcpServer() {
        return new EpollServerSocketChannel();
    }

    @Override
    public DeadPeers peers() {
        return peers;
    }

    @Override
    public void prepare(Channel channel) {
        SocketOptions.applyBuffers(channel);
        peers.add(channel);
    }

    @Override
    public Channel adopt(int fd, boolean unix) throws IOException {
        Posix.setNonBlocking(fd); // a process that used io_uring may have left it blocking
        return unix ? new EpollDomainSocketChannel(fd) : new EpollSocketChannel(fd);
    }

    @Override
    public ServerChannel adoptServer(int fd, boolean unix) {
        // The Unix channel's constructor without the flag takes the socket for an unbound one
        return unix
                ? new EpollServerDomainSocketChannel(fd, true)
                : new EpollServerSocketChannel(fd);
    }

    @Override
    public boolean canRegisterAgain() {
        return true;
    }

    @Override
    public Channel takeOver(Channel deregistered) {
        throw new IllegalStateException("an epoll channel is registered again instead");
    }

    @Override
    public void settleWrites(Channel channel, Runnable then) {
        then.run(); // a write is over when it returns
    }
}
