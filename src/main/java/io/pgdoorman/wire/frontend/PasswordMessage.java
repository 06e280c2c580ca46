package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * PasswordMessage (F): the answer to a clear-text or MD5 password request. {@link #toString} hides
 * the password. Threads: immutable. Keeps no buffer.
 *
 * @param password as typed, or {@code md5} and the hash
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PASSWORDMESSAGE">Message
 *     Formats</a>
 */
public record PasswordMessage(String password) implements FrontendMessage {
    public static final byte TYPE = FrontendType.PASSWORD_MESSAGE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static PasswordMessage decode(ByteBuf body) {
        String password = WireStrings.readCString(body, "PasswordMessage: password");
        MessageBody.requireEnd(body, "PasswordMessage");
        return new PasswordMessage(password);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, password);
        Frames.end(out, lengthIndex);
    }

    @Override
    public String toString() {
        return "PasswordMessage[password=hidden]";
    }
}
