package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * NotificationResponse (B): a NOTIFY on a channel the session listens to. Threads: immutable. Keeps
 * no buffer.
 *
 * @param processId of the session that notified
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NOTIFICATIONRESPONSE">Message
 *     Formats</a>
 */
public record NotificationResponse(int processId, String channel, String payload)
        implements BackendMessage {
    public static final byte TYPE = BackendType.NOTIFICATION_RESPONSE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static NotificationResponse decode(ByteBuf body) {
        int processId = MessageBody.readInt(body, "NotificationResponse: process ID");
        String channel = WireStrings.readCString(body, "NotificationResponse: channel");
        String payload = WireStrings.readCString(body, "NotificationResponse: payload");
        MessageBody.requireEnd(body, "NotificationResponse");
        return new NotificationResponse(processId, channel, payload);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(processId);
        WireStrings.writeCString(out, channel);
        WireStrings.writeCString(out, payload);
        Frames.end(out, lengthIndex);
    }
}
