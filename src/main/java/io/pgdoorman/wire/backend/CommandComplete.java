package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * CommandComplete (B): a statement is done. Threads: immutable. Keeps no buffer.
 *
 * @param tag names the command, often with a count of rows
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COMMANDCOMPLETE">Message
 *     Formats</a>
 */
public record CommandComplete(String tag) implements BackendMessage {
    public static final byte TYPE = BackendType.COMMAND_COMPLETE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static CommandComplete decode(ByteBuf body) {
        String tag = WireStrings.readCString(body, "CommandComplete: tag");
        MessageBody.requireEnd(body, "CommandComplete");
        return new CommandComplete(tag);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, tag);
        Frames.end(out, lengthIndex);
    }
}
