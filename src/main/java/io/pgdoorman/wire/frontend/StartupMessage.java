package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.WireStrings;

import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * StartupMessage (F): opens a session. Threads: immutable. Keeps no buffer.
 *
 * @param version any minor version of protocol 3
 * @param parameters in the order sent, unmodifiable; a name sent twice has its last value, as in
 *     PostgreSQL; includes {@code _pq_.} protocol options
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE">Message
 *     Formats</a>
 */
public record StartupMessage(ProtocolVersion version, Map<String, String> parameters)
        implements StartupPacket {
    /** Parameters whose names begin so are options of the protocol, not of the session. */
    public static final String PROTOCOL_OPTION_PREFIX = "_pq_.";

    public StartupMessage {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /** The value sent for {@code name}, which is compared exactly; null if there is none. */
    public @Nullable String parameter(String name) {
        return parameters.get(name);
    }

    /** Reads the parameters; the code is already consumed. */
    static StartupMessage decodeParameters(ProtocolVersion version, ByteBuf packet) {
        Map<String, String> parameters = new LinkedHashMap<>();
        while (packet.readableBytes() > 1) {
            String name = WireStrings.readCString(packet, "StartupMessage: parameter name");
            if (name.isEmpty()) {
                throw badLayout();
            }
            parameters.put(
                    name, WireStrings.readCString(packet, "StartupMessage: value of a parameter"));
        }
        if (!packet.isReadable() || packet.readByte() != 0) {
            throw badLayout();
        }
        return new StartupMessage(version, parameters);
    }

    private static ProtocolException badLayout() {
        // PostgreSQL's words
        return new ProtocolException(
                "invalid startup packet layout: expected terminator as last byte");
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.beginUntyped(out);
        out.writeInt(version.code());
        parameters.forEach(
                (name, value) -> {
                    if (name.isEmpty()) {
                        throw new IllegalArgumentException("startup parameter without a name");
                    }
                    WireStrings.writeCString(out, name);
                    WireStrings.writeCString(out, value);
                });
        out.writeByte(0);
        Frames.end(out, lengthIndex);
    }
}
