package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;

/**
 * A message a client sends after its startup packet. Threads: immutable. Keeps no buffer.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
public sealed interface FrontendMessage
        permits Bind,
                Close,
                CopyData,
                CopyDone,
                CopyFail,
                Describe,
                Execute,
                Flush,
                FunctionCall,
                GSSResponse,
                Parse,
                PasswordMessage,
                Query,
                SASLInitialResponse,
                SASLResponse,
                Sync,
                Terminate {
    /** The byte before the length word. */
    byte type();

    /** Writes type, length and body. Borrows {@code out}. */
    void encode(ByteBuf out);
}
