package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;

/**
 * A message a server sends. Threads: immutable. Keeps no buffer.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
public sealed interface BackendMessage
        permits Authentication,
                BackendKeyData,
                BindComplete,
                CloseComplete,
                CommandComplete,
                CopyBothResponse,
                CopyData,
                CopyDone,
                CopyInResponse,
                CopyOutResponse,
                DataRow,
                EmptyQueryResponse,
                ErrorResponse,
                FunctionCallResponse,
                NegotiateProtocolVersion,
                NoData,
                NoticeResponse,
                NotificationResponse,
                ParameterDescription,
                ParameterStatus,
                ParseComplete,
                PortalSuspended,
                ReadyForQuery,
                RowDescription {
    /** The byte before the length word. */
    byte type();

    /** Writes type, length and body. Borrows {@code out}. */
    void encode(ByteBuf out);
}
