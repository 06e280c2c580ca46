package io.pgdoorman.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;

/**
 * A decoder that is not read while auto-read is off. Netty's asks for more whenever what came made
 * no message for a handler behind it, which here is always: a peer that waits for an answer could
 * fill the memory meanwhile.
 *
 * <p>Threads: confined to the channel's loop.
 */
public abstract class PausingDecoder extends ByteToMessageDecoder {
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        if (ctx.channel().config().isAutoRead()) {
            super.channelReadComplete(ctx);
        } else {
            ctx.fireChannelReadComplete();
        }
    }
}
