package io.pgdoorman.backend;

import io.pgdoorman.net.AttachedChannel;
import io.pgdoorman.net.Transport;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.function.Consumer;

/**
 * Takes servers without a client off their loops, and puts them on loops, of this process or
 * another. Threads: each call on the loop it is about.
 */
public final class ServerMoves {
    private static final Logger LOG = LoggerFactory.getLogger(ServerMoves.class);

    private final Transport transport;

    public ServerMoves(Transport transport) {
        this.transport = transport;
    }

    /**
     * @param server no shard has it any more
     * @param onDetached called on this loop; null if the connection was lost in the attempt
     */
    public void detach(Server server, Consumer<@Nullable MovingServer> onDetached) {
        FrozenServer frozen = server.freeze();
        transport.detach(
                server.channel(),
                socket -> onDetached.accept(new MovingServer(frozen, socket)),
                cause -> {
                    LOG.error("{} lost while it was taken off its loop", frozen.identity(), cause);
                    onDetached.accept(null);
                });
    }

    /**
     * @param onAttached called on the loop with its connection, which is still; null if it was lost
     */
    public void attach(
            MovingServer moving,
            io.netty.channel.EventLoop loop,
            Consumer<@Nullable AttachedChannel> onAttached) {
        transport.attach(
                moving.socket(),
                loop,
                attached -> onAttached.accept(attached),
                cause -> {
                    LOG.error("{} could not go on", moving.state().identity(), cause);
                    onAttached.accept(null);
                });
    }
}
