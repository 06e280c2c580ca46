package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;

import org.jspecify.annotations.Nullable;

/** A client of the admin console: the last handler of its channel. */
public interface ConsoleClient extends ChannelHandler {
    /** Its connection, once it is in a pipeline. Any thread. */
    Channel channel();

    /**
     * Its state, with which it goes on elsewhere; here it does nothing more. To be asked on its
     * loop.
     *
     * @return null if the connection is gone
     */
    @Nullable FrozenConsole freeze();
}
