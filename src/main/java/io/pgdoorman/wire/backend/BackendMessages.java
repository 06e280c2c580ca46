package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.ProtocolException;

/**
 * Decodes a whole server message by its type byte; for logins, look-ups and tests, as the relay
 * decodes single types. Borrows every buffer. Threads: pure functions.
 */
public final class BackendMessages {
    private BackendMessages() {}

    /**
     * Reads all of {@code body}; type and length are already consumed.
     *
     * @throws ProtocolException unknown type, a part that is missing or invalid, or bytes after the
     *     last part
     */
    public static BackendMessage decode(byte type, ByteBuf body) {
        return switch (type) {
            case BackendType.AUTHENTICATION -> Authentication.decode(body);
            case BackendType.BACKEND_KEY_DATA -> BackendKeyData.decode(body);
            case BackendType.BIND_COMPLETE -> BindComplete.decode(body);
            case BackendType.CLOSE_COMPLETE -> CloseComplete.decode(body);
            case BackendType.COMMAND_COMPLETE -> CommandComplete.decode(body);
            case BackendType.COPY_BOTH_RESPONSE -> CopyBothResponse.decode(body);
            case BackendType.COPY_DATA -> CopyData.decode(body);
            case BackendType.COPY_DONE -> CopyDone.decode(body);
            case BackendType.COPY_IN_RESPONSE -> CopyInResponse.decode(body);
            case BackendType.COPY_OUT_RESPONSE -> CopyOutResponse.decode(body);
            case BackendType.DATA_ROW -> DataRow.decode(body);
            case BackendType.EMPTY_QUERY_RESPONSE -> EmptyQueryResponse.decode(body);
            case BackendType.ERROR_RESPONSE -> ErrorResponse.decode(body);
            case BackendType.FUNCTION_CALL_RESPONSE -> FunctionCallResponse.decode(body);
            case BackendType.NEGOTIATE_PROTOCOL_VERSION -> NegotiateProtocolVersion.decode(body);
            case BackendType.NO_DATA -> NoData.decode(body);
            case BackendType.NOTICE_RESPONSE -> NoticeResponse.decode(body);
            case BackendType.NOTIFICATION_RESPONSE -> NotificationResponse.decode(body);
            case BackendType.PARAMETER_DESCRIPTION -> ParameterDescription.decode(body);
            case BackendType.PARAMETER_STATUS -> ParameterStatus.decode(body);
            case BackendType.PARSE_COMPLETE -> ParseComplete.decode(body);
            case BackendType.PORTAL_SUSPENDED -> PortalSuspended.decode(body);
            case BackendType.READY_FOR_QUERY -> ReadyForQuery.decode(body);
            case BackendType.ROW_DESCRIPTION -> RowDescription.decode(body);
            default -> throw new ProtocolException(BackendType.name(type) + " from the server");
        };
    }
}
