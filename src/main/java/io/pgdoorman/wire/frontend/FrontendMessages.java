package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;

/**
 * Decodes a whole client message by its type byte; for consoles, logins and tests, as the relay
 * decodes single types. Borrows every buffer. Threads: pure functions.
 */
public final class FrontendMessages {
    /** Which message of type {@code p} the server is waiting for; the byte does not tell. */
    public enum Awaited {
        PASSWORD,
        SASL_INITIAL_RESPONSE,
        SASL_RESPONSE,
        GSS_RESPONSE
    }

    private FrontendMessages() {}

    /** As the other one; type {@code p} is taken for a PasswordMessage. */
    public static FrontendMessage decode(byte type, ByteBuf body) {
        return decode(type, body, Awaited.PASSWORD);
    }

    /**
     * Reads all of {@code body}; type and length are already consumed.
     *
     * @throws ProtocolException unknown type, a part that is missing or invalid, or bytes after the
     *     last part
     */
    public static FrontendMessage decode(byte type, ByteBuf body, Awaited awaited) {
        return switch (type) {
            case FrontendType.BIND -> Bind.decode(body);
            case FrontendType.CLOSE -> Close.decode(body);
            case FrontendType.COPY_DATA -> CopyData.decode(body);
            case FrontendType.COPY_DONE -> CopyDone.decode(body);
            case FrontendType.COPY_FAIL -> CopyFail.decode(body);
            case FrontendType.DESCRIBE -> Describe.decode(body);
            case FrontendType.EXECUTE -> Execute.decode(body);
            case FrontendType.FLUSH -> Flush.decode(body);
            case FrontendType.FUNCTION_CALL -> FunctionCall.decode(body);
            case FrontendType.PARSE -> Parse.decode(body);
            case FrontendType.PASSWORD_MESSAGE ->
                    switch (awaited) {
                        case PASSWORD -> PasswordMessage.decode(body);
                        case SASL_INITIAL_RESPONSE -> SASLInitialResponse.decode(body);
                        case SASL_RESPONSE -> SASLResponse.decode(body);
                        case GSS_RESPONSE -> GSSResponse.decode(body);
                    };
            case FrontendType.QUERY -> Query.decode(body);
            case FrontendType.SYNC -> Sync.decode(body);
            case FrontendType.TERMINATE -> Terminate.decode(body);
            default ->
                    // PostgreSQL's words
                    throw new ProtocolException("invalid frontend message type " + (type & 0xFF));
        };
    }
}
