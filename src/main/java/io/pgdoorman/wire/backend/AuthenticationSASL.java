package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.WireStrings;

import java.util.ArrayList;
import java.util.List;

/**
 * AuthenticationSASL (B): asks for SASL. Threads: immutable. Keeps no buffer.
 *
 * @param mechanisms in order of preference; none is empty
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONSASL">Message
 *     Formats</a>
 */
public record AuthenticationSASL(List<String> mechanisms) implements Authentication {
    public static final int KIND = 10;

    public AuthenticationSASL {
        mechanisms = List.copyOf(mechanisms);
        if (mechanisms.contains("")) { // it would end the list
            throw new IllegalArgumentException("SASL mechanism without a name");
        }
    }

    static AuthenticationSASL decodeMechanisms(ByteBuf body) {
        List<String> mechanisms = new ArrayList<>();
        while (true) {
            String mechanism = WireStrings.readCString(body, "AuthenticationSASL: mechanism");
            if (mechanism.isEmpty()) {
                return new AuthenticationSASL(mechanisms);
            }
            mechanisms.add(mechanism);
        }
    }

    @Override
    public int kind() {
        return KIND;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(KIND);
        mechanisms.forEach(mechanism -> WireStrings.writeCString(out, mechanism));
        out.writeByte(0);
        Frames.end(out, lengthIndex);
    }
}
