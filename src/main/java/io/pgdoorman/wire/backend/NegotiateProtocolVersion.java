package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.WireStrings;

import java.util.ArrayList;
import java.util.List;

/**
 * NegotiateProtocolVersion (B): the server goes on with an older minor version than was asked for,
 * or without some protocol options. Threads: immutable. Keeps no buffer.
 *
 * @param newest the newest version of that major the server supports; on the wire a full version
 *     number, as PostgreSQL sends and libpq reads it
 * @param unrecognizedOptions names of protocol options, with their prefix {@code _pq_.}
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NEGOTIATEPROTOCOLVERSION">Message
 *     Formats</a>
 */
public record NegotiateProtocolVersion(ProtocolVersion newest, List<String> unrecognizedOptions)
        implements BackendMessage {
    public static final byte TYPE = BackendType.NEGOTIATE_PROTOCOL_VERSION;

    public NegotiateProtocolVersion {
        unrecognizedOptions = List.copyOf(unrecognizedOptions);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static NegotiateProtocolVersion decode(ByteBuf body) {
        ProtocolVersion newest =
                ProtocolVersion.of(
                        MessageBody.readInt(body, "NegotiateProtocolVersion: newest version"));
        if (newest.major() != ProtocolVersion.V3_0.major()) {
            throw new ProtocolException(
                    "NegotiateProtocolVersion asks for protocol version " + newest);
        }
        int count = MessageBody.readInt(body, "NegotiateProtocolVersion: count of options");
        if (count < 0 || count > body.readableBytes()) { // an option has at least its NUL
            throw new ProtocolException(
                    "NegotiateProtocolVersion has %d options in %d bytes"
                            .formatted(count, body.readableBytes()));
        }
        List<String> options = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            options.add(WireStrings.readCString(body, "NegotiateProtocolVersion: option"));
        }
        MessageBody.requireEnd(body, "NegotiateProtocolVersion");
        return new NegotiateProtocolVersion(newest, options);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(newest.code()).writeInt(unrecognizedOptions.size());
        unrecognizedOptions.forEach(option -> WireStrings.writeCString(out, option));
        Frames.end(out, lengthIndex);
    }
}
