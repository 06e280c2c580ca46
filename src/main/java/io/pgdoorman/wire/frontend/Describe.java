package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * Describe (F): asks for the parameters and columns of a prepared statement or a portal. Threads:
 * immutable. Keeps no buffer.
 *
 * @param name empty for the unnamed one
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-DESCRIBE">Message
 *     Formats</a>
 */
public record Describe(Target target, String name) implements FrontendMessage {
    public static final byte TYPE = FrontendType.DESCRIBE;

    public static Describe statement(String name) {
        return new Describe(Target.STATEMENT, name);
    }

    public static Describe portal(String name) {
        return new Describe(Target.PORTAL, name);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Describe decode(ByteBuf body) {
        Target target = Target.of(MessageBody.readByte(body, "Describe: target"));
        String name = WireStrings.readCString(body, "Describe: name");
        MessageBody.requireEnd(body, "Describe");
        return new Describe(target, name);
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
