package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * Close (F): closes a prepared statement or a portal. Threads: immutable. Keeps no buffer.
 *
 * @param name empty for the unnamed one
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CLOSE">Message
 *     Formats</a>
 */
public record Close(Target target, String name) implements FrontendMessage {
    public static final byte TYPE = FrontendType.CLOSE;

    public static Close statement(String name) {
        return new Close(Target.STATEMENT, name);
    }

    public static Close portal(String name) {
        return new Close(Target.PORTAL, name);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Close decode(ByteBuf body) {
        Target target = Target.of(MessageBody.readByte(body, "Close: target"));
        String name = WireStrings.readCString(body, "Close: name");
        MessageBody.requireEnd(body, "Close");
        return new Close(target, name);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeByte(target.code());
        WireStrings.writeCString(out, name);
        Frames.end(out, lengthIndex);
    }
}
