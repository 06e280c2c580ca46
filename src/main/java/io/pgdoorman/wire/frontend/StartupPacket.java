package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.SqlState;

/**
 * What a client sends first: a length word and a body without a type byte. Threads: immutable.
 * Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public sealed interface StartupPacket
        permits CancelRequest, GSSENCRequest, SSLRequest, StartupMessage {
    /**
     * Reads a whole packet without its length word. Any minor version of protocol 3 is decoded;
     * negotiation is the caller's. Borrows {@code packet}.
     *
     * @throws ProtocolException 08P01 for a bad length or layout, 0A000 for another major version
     */
    static StartupPacket decode(ByteBuf packet) {
        Frames.checkStartupLength(Integer.BYTES + packet.readableBytes());
        int code = packet.readInt();
        return switch (code) {
            case SSLRequest.CODE -> {
                MessageBody.requireEnd(packet, "SSLRequest");
                yield new SSLRequest();
            }
            case GSSENCRequest.CODE -> {
                MessageBody.requireEnd(packet, "GSSENCRequest");
                yield new GSSENCRequest();
            }
            case CancelRequest.CODE -> CancelRequest.decodeKey(packet);
            default -> {
                ProtocolVersion version = ProtocolVersion.of(code);
                if (version.major() != ProtocolVersion.V3_0.major()) {
                    throw new ProtocolException(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "unsupported frontend protocol %s: server supports %s to %s"
                                    .formatted(
                                            version, ProtocolVersion.V3_0, ProtocolVersion.V3_2));
                }
                yield StartupMessage.decodeParameters(version, packet);
            }
        };
    }

    /** Writes length and body. Borrows {@code out}. */
    void encode(ByteBuf out);
}
