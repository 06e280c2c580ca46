package io.pgdoorman.auth;

import io.pgdoorman.tls.ChannelBinding;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.Authentication;
import io.pgdoorman.wire.backend.AuthenticationCleartextPassword;
import io.pgdoorman.wire.backend.AuthenticationGSS;
import io.pgdoorman.wire.backend.AuthenticationGSSContinue;
import io.pgdoorman.wire.backend.AuthenticationKerberosV5;
import io.pgdoorman.wire.backend.AuthenticationMD5Password;
import io.pgdoorman.wire.backend.AuthenticationOk;
import io.pgdoorman.wire.backend.AuthenticationSASL;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.backend.AuthenticationSASLFinal;
import io.pgdoorman.wire.backend.AuthenticationSSPI;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.PasswordMessage;
import io.pgdoorman.wire.frontend.SASLInitialResponse;
import io.pgdoorman.wire.frontend.SASLResponse;

/**
 * Our login at a PostgreSQL server, we being the client.
 *
 * <pre>
 *  AwaitingRequest ─ Ok ─────────────────────────────────────► Done
 *    ├─ cleartext, MD5: answer ─► AwaitingOk ─ Ok ───────────► Done
 *    └─ SASL: client-first ─► AwaitingChallenge
 *          ─► [Deriving] ─► AwaitingSignature ─► AwaitingOk ─► Done
 * </pre>
 *
 * <p>A plain password answers every request. An MD5 hash answers MD5 for the user it was made for.
 * A ClientKey answers SCRAM where salt and iterations are those it was proved under. The server's
 * signature is always checked, so a server that does not know the password is found out before it
 * gets a query, once it asked for SCRAM.
 *
 * <p>Over TLS a login by SCRAM is bound to the certificate that the server showed, where the server
 * offers that: whoever stands between with a certificate of his own cannot pass the login on.
 *
 * <p>An ErrorResponse of the server is not an event of this machine: it ends the login in any
 * state. Errors: what a server does wrong or asks in vain is a {@link ServerStep.Failed}, never an
 * exception. {@link IllegalStateException} tells a mistake of the caller.
 *
 * <p>Threads: confined to the server's loop.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public final class ServerAuthentication {
    private final AuthenticationContext context;
    private final String user;
    private final ServerCredential credential;
    private State state = new AwaitingRequest();

    /** The gs2 header where SCRAM-SHA-256-PLUS is not offered. */
    private String unbound = ClientFirst.NO_BINDING;

    /** What a login by SCRAM-SHA-256-PLUS is bound to; empty if nothing. */
    private Bytes endPoint = Bytes.EMPTY;

    private sealed interface State {}

    private record AwaitingRequest() implements State {}

    private record AwaitingOk() implements State {}

    private record AwaitingChallenge(ClientFirst first) implements State {}

    private record Deriving(ScramExchange exchange) implements State {}

    private record AwaitingSignature(Bytes expected) implements State {}

    private record Done() implements State {}

    /** Terminal; a failure is repeated if asked again, for the derivation may still be running. */
    private record Failed(ServerStep.Failed step) implements State {}

    /** A login as {@code user} whose StartupMessage is on its way. */
    public ServerAuthentication(
            AuthenticationContext context, String user, ServerCredential credential) {
        this.context = context;
        this.user = user;
        this.credential = credential;
    }

    /**
     * The connection is encrypted; told before the first request.
     *
     * @param certificate the server's tls-server-end-point, as {@link ChannelBinding} tells it;
     *     empty if there is none
     */
    public void onEncrypted(Bytes certificate) {
        endPoint = certificate;
        unbound = certificate.isEmpty() ? ClientFirst.NO_BINDING : ClientFirst.BINDING_NOT_OFFERED;
    }

    /** The server sent a message of type {@code R}. */
    public ServerStep onRequest(Authentication request) {
        return switch (state) {
            case AwaitingRequest _ -> onFirstRequest(request);
            case AwaitingChallenge(ClientFirst first) ->
                    request instanceof AuthenticationSASLContinue(Bytes data)
                            ? onChallenge(first, data)
                            : unexpected(request);
            case AwaitingSignature(Bytes expected) ->
                    request instanceof AuthenticationSASLFinal(Bytes data)
                            ? onSignature(expected, data)
                            : unexpected(request);
            case AwaitingOk _ -> request instanceof AuthenticationOk ? done() : unexpected(request);
            case Deriving _ -> unexpected(request);
            case Done _ -> unexpected(request);
            case Failed(ServerStep.Failed step) -> step;
        };
    }

    /** The work of {@link ServerStep.Derive} is done. */
    public ServerStep onDerived(ScramKeys keys) {
        return switch (state) {
            case Deriving(ScramExchange exchange) ->
                    prove(exchange, keys.clientKey(), keys.serverKey());
            case Failed(ServerStep.Failed step) -> step;
            case AwaitingRequest _,
                    AwaitingOk _,
                    AwaitingChallenge _,
                    AwaitingSignature _,
                    Done _ ->
                    throw new IllegalStateException("no derivation was asked for");
        };
    }

    private ServerStep onFirstRequest(Authentication request) {
        return switch (request) {
            case AuthenticationOk _ -> done();
            case AuthenticationCleartextPassword _ -> answerCleartext();
            case AuthenticationMD5Password(Bytes salt) -> answerMd5(salt);
            case AuthenticationSASL sasl -> startSasl(sasl);
            case AuthenticationGSS _, AuthenticationKerberosV5 _, AuthenticationSSPI _ ->
                    unable("Kerberos, GSSAPI or SSPI, which is not supported");
            case AuthenticationGSSContinue _,
                    AuthenticationSASLContinue _,
                    AuthenticationSASLFinal _ ->
                    unexpected(request);
        };
    }

    private ServerStep answerCleartext() {
        return switch (credential) {
            case ServerCredential.Plain(Bytes password) -> sendPassword(password.toText());
            case ServerCredential.Token(Bytes text) -> sendPassword(text.toText());
            case ServerCredential.Md5Hash _,
                    ServerCredential.ScramClientKey _,
                    ServerCredential.Fetched _,
                    ServerCredential.None _ ->
                    unable("the password in clear text, but " + known());
        };
    }

    private ServerStep answerMd5(Bytes salt) {
        return switch (credential) {
            case ServerCredential.Plain(Bytes password) ->
                    sendMd5(Md5Password.hash(password, user), salt);
            case ServerCredential.Md5Hash(String hashUser, String hash)
                    when hashUser.equals(user) ->
                    sendMd5(hash, salt);
            case ServerCredential.Md5Hash _ ->
                    unable("MD5, but the MD5 hash that is known was made for another user");
            case ServerCredential.ScramClientKey _,
                    ServerCredential.Token _,
                    ServerCredential.Fetched _,
                    ServerCredential.None _ ->
                    unable("MD5, but " + known());
        };
    }

    private ServerStep sendMd5(String hash, Bytes salt) {
        return sendPassword(Md5Password.response(hash, salt.toByteArray()));
    }

    private ServerStep sendPassword(String text) {
        if (text.indexOf('\0') >= 0) {
            return fail(SqlState.INVALID_PASSWORD, "the server password contains a NUL");
        }
        return send(new AwaitingOk(), new PasswordMessage(text));
    }

    private ServerStep startSasl(AuthenticationSASL request) {
        boolean offered = request.mechanisms().contains(ScramSha256.MECHANISM_PLUS);
        boolean bound = offered && !endPoint.isEmpty();
        if (!bound && !request.mechanisms().contains(ScramSha256.MECHANISM)) {
            return unable(
                    offered
                            ? "SCRAM-SHA-256-PLUS only, which needs TLS and a certificate with a"
                                    + " hash in its signature"
                            : "a SASL mechanism that is not supported");
        }
        // With "y" the server would take the offer it made for one that was removed on the way.
        String unboundHeader = offered ? ClientFirst.NO_BINDING : unbound;
        return switch (credential) {
            case ServerCredential.Plain _, ServerCredential.ScramClientKey _ -> {
                String nonce = new LoginRandom(context, new byte[0]).nonce();
                ClientFirst first =
                        bound
                                ? ClientFirst.boundTo(endPoint, nonce)
                                : ClientFirst.of(unboundHeader, nonce);
                String mechanism = bound ? ScramSha256.MECHANISM_PLUS : ScramSha256.MECHANISM;
                yield send(
                        new AwaitingChallenge(first),
                        new SASLInitialResponse(mechanism, first.toBytes()));
            }
            case ServerCredential.Md5Hash _,
                    ServerCredential.Token _,
                    ServerCredential.Fetched _,
                    ServerCredential.None _ ->
                    unable("SCRAM-SHA-256, but " + known());
        };
    }

    private ServerStep onChallenge(ClientFirst first, Bytes message) {
        ScramExchange exchange;
        try {
            exchange = ScramExchange.answered(first, ServerFirst.parse(message));
        } catch (ScramException e) {
            return violation(e.explanation());
        }
        ServerFirst challenge = exchange.challenge();
        return switch (credential) {
            case ServerCredential.Plain(Bytes password) -> {
                ScramKeys known =
                        context.keys().find(password, challenge.salt(), challenge.iterations());
                if (known != null) {
                    yield prove(exchange, known.clientKey(), known.serverKey());
                }
                state = new Deriving(exchange);
                yield new ServerStep.Derive(
                        Derivation.kept(
                                context.keys(),
                                password,
                                challenge.salt(),
                                challenge.iterations()));
            }
            case ServerCredential.ScramClientKey(Bytes clientKey, StoredSecret.Scram secret)
                    when secret.salt().equals(challenge.salt())
                            && secret.iterations() == challenge.iterations() ->
                    prove(exchange, clientKey, secret.serverKey());
            case ServerCredential.ScramClientKey _ ->
                    fail(
                            SqlState.INVALID_PASSWORD,
                            "cannot log in to the server as \"%s\": its SCRAM secret is not the one"
                                            .formatted(user)
                                    + " the client logged in with");
            case ServerCredential.Md5Hash _,
                    ServerCredential.Token _,
                    ServerCredential.Fetched _,
                    ServerCredential.None _ ->
                    throw new IllegalStateException("SCRAM begun without a credential for it");
        };
    }

    private ServerStep prove(ScramExchange exchange, Bytes clientKey, Bytes serverKey) {
        ClientFinal last = exchange.prove(clientKey);
        return send(
                new AwaitingSignature(exchange.serverSignature(last, serverKey)),
                new SASLResponse(last.toBytes()));
    }

    private ServerStep onSignature(Bytes expected, Bytes message) {
        Bytes signature;
        try {
            signature = ServerFinal.parse(message);
        } catch (ScramException e) {
            return violation(e.explanation());
        }
        if (!signature.equals(expected)) {
            return fail(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "the server did not prove that it knows the SCRAM secret of \"%s\""
                            .formatted(user));
        }
        state = new AwaitingOk();
        return new ServerStep.Wait();
    }

    /** What we have instead, for a reason that ends in "but ...". */
    private String known() {
        return switch (credential) {
            case ServerCredential.Plain _ -> "a password is known";
            case ServerCredential.Md5Hash _ -> "only an MD5 hash is known";
            case ServerCredential.ScramClientKey _ -> "only a SCRAM key is known";
            case ServerCredential.Token _ -> "only a token is known";
            case ServerCredential.Fetched _, ServerCredential.None _ -> "no password is known";
        };
    }

    private ServerStep done() {
        state = new Done();
        return new ServerStep.Done();
    }

    private ServerStep send(State next, FrontendMessage message) {
        state = next;
        return new ServerStep.Send(message);
    }

    private ServerStep unable(String request) {
        return fail(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "cannot log in to the server as \"%s\": it asks for %s".formatted(user, request));
    }

    private ServerStep unexpected(Authentication request) {
        return violation("unexpected " + request.getClass().getSimpleName());
    }

    private ServerStep violation(String problem) {
        return fail(
                SqlState.PROTOCOL_VIOLATION,
                "the server broke the authentication protocol: " + problem);
    }

    private ServerStep fail(String sqlState, String reason) {
        var step = new ServerStep.Failed(sqlState, reason);
        state = new Failed(step);
        return step;
    }
}
