package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.ProtocolException;

/**
 * The messages of type {@code R}, told apart by a number at the start of the body. Threads:
 * immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public sealed interface Authentication extends BackendMessage
        permits AuthenticationCleartextPassword,
                AuthenticationGSS,
                AuthenticationGSSContinue,
                AuthenticationKerberosV5,
                AuthenticationMD5Password,
                AuthenticationOk,
                AuthenticationSASL,
                AuthenticationSASLContinue,
                AuthenticationSASLFinal,
                AuthenticationSSPI {
    byte TYPE = BackendType.AUTHENTICATION;

    /** The number at the start of the body. */
    int kind();

    @Override
    default byte type() {
        return TYPE;
    }

    /**
     * Reads the body; type and length are already consumed. Borrows {@code body}.
     *
     * @throws ProtocolException unknown kind, or a body that does not fit the kind
     */
    static Authentication decode(ByteBuf body) {
        int kind = MessageBody.readInt(body, "Authentication: kind");
        Authentication message =
                switch (kind) {
                    case AuthenticationOk.KIND -> new AuthenticationOk();
                    case AuthenticationKerberosV5.KIND -> new AuthenticationKerberosV5();
                    case AuthenticationCleartextPassword.KIND ->
                            new AuthenticationCleartextPassword();
                    case AuthenticationMD5Password.KIND ->
                            new AuthenticationMD5Password(
                                    MessageBody.readBytes(
                                            body,
                                            AuthenticationMD5Password.SALT_BYTES,
                                            "AuthenticationMD5Password: salt"));
                    case AuthenticationGSS.KIND -> new AuthenticationGSS();
                    case AuthenticationGSSContinue.KIND ->
                            new AuthenticationGSSContinue(MessageBody.readRemaining(body));
                    case AuthenticationSSPI.KIND -> new AuthenticationSSPI();
                    case AuthenticationSASL.KIND -> AuthenticationSASL.decodeMechanisms(body);
                    case AuthenticationSASLContinue.KIND ->
                            new AuthenticationSASLContinue(MessageBody.readRemaining(body));
                    case AuthenticationSASLFinal.KIND ->
                            new AuthenticationSASLFinal(MessageBody.readRemaining(body));
                    default ->
                            throw new ProtocolException(
                                    "authentication method " + kind + " not supported");
                };
        MessageBody.requireEnd(body, "Authentication");
        return message;
    }
}
