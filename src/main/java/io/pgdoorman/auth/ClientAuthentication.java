package io.pgdoorman.auth;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaOptions.ClientCertificate;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.AuthenticationCleartextPassword;
import io.pgdoorman.wire.backend.AuthenticationMD5Password;
import io.pgdoorman.wire.backend.AuthenticationOk;
import io.pgdoorman.wire.backend.AuthenticationSASL;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.backend.AuthenticationSASLFinal;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;
import io.pgdoorman.wire.frontend.PasswordMessage;
import io.pgdoorman.wire.frontend.SASLInitialResponse;
import io.pgdoorman.wire.frontend.SASLResponse;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Predicate;

/**
 * One client's login, we being the server.
 *
 * <pre>
 *  Fresh
 *    ├─ trust, reject, cert ───────────────────────────────► Accepted or Refused
 *    ├─ password ─► AwaitingPassword ─► [CheckingPassword] ─► Accepted or Refused
 *    ├─ pam, ldap, jwt ─► AwaitingToken ─► AskingAuthority ─► Accepted or Refused
 *    ├─ md5 ──────► AwaitingMd5 ───────────────────────────► Accepted or Refused
 *    └─ scram ────► AwaitingMechanism ─► [AwaitingClientFirst]
 *                     ─► AwaitingProof ─► [CheckingProof] ──► Accepted or Refused
 * </pre>
 *
 * <p>A state in brackets is left out where it is not needed; Checking is the time of a {@link
 * ClientStep.Derive}, Asking that of a {@link ClientStep.Ask}.
 *
 * <p>What a rule asks of the client's certificate is asked beside its method: that there is one
 * before anything else, whose it is when the method is content.
 *
 * <p>What the method asks of each form of secret; the same is asked of a user that does not exist
 * or cannot log in that way, who then fails as with a wrong password:
 *
 * <pre>
 *             plain      MD5        SCRAM      none, unusable, unknown user
 *  password   cleartext  cleartext  cleartext  cleartext
 *  md5        MD5        MD5        SCRAM      as most others
 *  scram      SCRAM      SCRAM      SCRAM      SCRAM          (an MD5 secret always fails)
 *  by secret  SCRAM      MD5        SCRAM      as most others
 * </pre>
 *
 * <p>What most others have, {@link UsualSecrets} knows: also how many iterations SCRAM asks for,
 * and whether checking a password in clear text takes a derivation.
 *
 * <p>Errors: what a client does wrong is a {@link ClientStep.Refused}, never an exception. {@link
 * IllegalStateException} tells a mistake of the caller.
 *
 * <p>The methods share this one file, long as it is, so that the table can be checked in one place;
 * what SCRAM computes is in {@link ScramExchange}.
 *
 * <p>Threads: confined to the client's loop. Buffers are borrowed.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-password.html">Password
 *     Authentication</a>
 * @see <a href="https://www.postgresql.org/docs/current/sasl-authentication.html">SASL
 *     Authentication</a>
 */
public final class ClientAuthentication {
    /** No message of type {@code p} may be longer; it is PostgreSQL's own limit. */
    public static final int MAX_MESSAGE_BYTES = 65_535;

    static final String WRONG_PASSWORD = "wrong password";

    /**
     * Of a password that is compared with a SCRAM secret, in bytes: preparing it (RFC 4013) takes
     * time by the square of its length, if somebody has chosen its characters for that.
     */
    private static final int MAX_GUESS = 4_096;

    private static final String UNKNOWN_USER = "user does not exist";
    private static final String NO_PASSWORD = "user has no password";

    private final AuthenticationContext context;
    private final LoginRandom random;
    private final ClientLogin login;
    private final LoginRule rule;
    private final @Nullable StoredSecret secret;
    private State state = new Fresh();

    /** A wrong answer to an MD5 challenge, which may be right for a newer secret. */
    private @Nullable Md5Answer wrongAnswer;

    private record Md5Answer(Bytes salt, Bytes response) {}

    private sealed interface State {}

    private record Fresh() implements State {}

    private record AwaitingPassword() implements State {}

    /** Against a verifier, or in vain. */
    private record CheckingPassword(Bytes password, StoredSecret.Scram expected, String failure)
            implements State {}

    private record AwaitingToken(Authority authority) implements State {}

    private record AskingAuthority(Authority authority) implements State {}

    private record AwaitingMd5(
            Bytes salt, Bytes expected, ServerCredential credential, String failure)
            implements State {}

    private record AwaitingMechanism(ScramTarget target) implements State {}

    /** The client chose the mechanism without an initial response. */
    private record AwaitingClientFirst(ScramTarget target, boolean plus) implements State {}

    private record AwaitingProof(ScramTarget target, ScramExchange exchange) implements State {}

    private record CheckingProof(
            ScramTarget.Password target, ScramExchange exchange, ClientFinal last)
            implements State {}

    /** Terminal; a refusal is repeated if asked again, for the derivation may still be running. */
    private record Refused(ClientStep.Refused step) implements State {}

    private record Accepted() implements State {}

    /**
     * A login that has not begun.
     *
     * @param secret null if there is no such user
     */
    public ClientAuthentication(
            AuthenticationContext context,
            LoginRandom random,
            ClientLogin login,
            LoginRule rule,
            @Nullable StoredSecret secret) {
        this.context = context;
        this.random = random;
        this.login = login;
        this.rule = rule;
        this.secret = secret;
    }

    /** The first step. To be called once. */
    public ClientStep begin() {
        if (!(state instanceof Fresh)) {
            throw new IllegalStateException("login has begun already");
        }
        if (rule.certificate() != ClientCertificate.NOT_ASKED && login.certificate().isEmpty()) {
            String message = "connection requires a valid client certificate";
            return refuse(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION, message, "", "no certificate");
        }
        if (secret instanceof StoredSecret.Delegated(Authority authority)
                && rule.method() != HbaMethod.TRUST
                && rule.method() != HbaMethod.REJECT
                && rule.method() != HbaMethod.CERT
                && rule.authority() == null) {
            return askForToken(authority);
        }
        return switch (rule.method()) {
            case TRUST, CERT -> trust();
            case REJECT -> refuseByHba();
            case PAM, LDAP, JWT ->
                    rule.authority() == null
                            ? onNoVerdict("the rules have just changed")
                            : askForToken(rule.authority());
            case PASSWORD -> send(new AwaitingPassword(), new AuthenticationCleartextPassword());
            case MD5 -> beginMd5Line();
            case SCRAM_SHA_256 -> beginScram();
            case BY_SECRET -> beginBySecret();
        };
    }

    /**
     * The client sent a message of type {@code p}. Borrows {@code body}, which is all of the
     * message after the length word.
     */
    public ClientStep onMessage(ByteBuf body) {
        if (state instanceof Refused(ClientStep.Refused step)) {
            return step;
        }
        if (body.readableBytes() > MAX_MESSAGE_BYTES) {
            return violation("invalid message length");
        }
        try {
            return switch (state) {
                case AwaitingPassword _ -> onPassword(readPassword(body));
                case AwaitingToken(Authority authority) -> onToken(authority, readPassword(body));
                case AwaitingMd5 awaiting -> onMd5(awaiting, readPassword(body));
                case AwaitingMechanism(ScramTarget target) -> onMechanism(target, body);
                case AwaitingClientFirst(ScramTarget target, boolean plus) ->
                        onClientFirst(target, plus, SASLResponse.decode(body).data());
                case AwaitingProof awaiting -> onProof(awaiting, SASLResponse.decode(body).data());
                case Fresh _, CheckingPassword _, AskingAuthority _, CheckingProof _ ->
                        violation("unexpected password or SASL message");
                case Accepted _ -> throw new IllegalStateException("login has ended");
                case Refused(ClientStep.Refused step) -> step;
            };
        } catch (ProtocolException e) {
            return refuse(e.sqlState(), String.valueOf(e.getMessage()), "", "protocol violation");
        } catch (ScramException e) {
            return refuse(e.sqlState(), e.message(), e.detail(), e.explanation());
        }
    }

    /** The client sent a message of another type; the login ends. */
    public ClientStep onUnexpected(byte type) {
        return switch (state) {
            case Refused(ClientStep.Refused step) -> step;
            case Accepted _ -> throw new IllegalStateException("login has ended");
            case AwaitingMechanism _, AwaitingClientFirst _, AwaitingProof _, CheckingProof _ ->
                    violation("expected SASL response, got message type " + (type & 0xff));
            case Fresh _,
                    AwaitingPassword _,
                    AwaitingToken _,
                    AskingAuthority _,
                    AwaitingMd5 _,
                    CheckingPassword _ ->
                    violation("expected password response, got message type " + (type & 0xff));
        };
    }

    /** The work of {@link ClientStep.Derive} is done. */
    public ClientStep onDerived(ScramKeys keys) {
        return switch (state) {
            case CheckingPassword(Bytes password, StoredSecret.Scram expected, String failure) -> {
                boolean right = keys.storedKey().equals(expected.storedKey());
                if (right) {
                    context.keys().remember(password, expected.salt(), expected.iterations(), keys);
                }
                yield right ? onPasswordChecked(true, password) : refusePassword(failure);
            }
            case CheckingProof(
                            ScramTarget.Password target,
                            ScramExchange exchange,
                            ClientFinal last) ->
                    onProofKeys(target, exchange, last, keys);
            case Refused(ClientStep.Refused step) -> step;
            case Fresh _,
                    AwaitingPassword _,
                    AwaitingToken _,
                    AskingAuthority _,
                    AwaitingMd5 _,
                    AwaitingMechanism _,
                    AwaitingClientFirst _,
                    AwaitingProof _,
                    Accepted _ ->
                    throw new IllegalStateException("no derivation was asked for");
        };
    }

    // ---- trust and reject

    private ClientStep trust() {
        if (secret == null) {
            // Fails closed; PostgreSQL says the same after its own trust.
            return rule.method() == HbaMethod.CERT && !isOwnCertificate(login.user())
                    ? refuseCertificate()
                    : refuseUnknownRole();
        }
        return accept(
                List.of(new AuthenticationOk()), ServerCredential.ofStored(login.user(), secret));
    }

    private ClientStep refuseUnknownRole() {
        return refuse(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "role \"" + login.user() + "\" does not exist",
                "",
                UNKNOWN_USER);
    }

    private ClientStep refuseByHba() {
        String message =
                "Connection from %s to %s@%s (TLS: %s) is not permitted by HBA configuration. Please contact your database administrator."
                        .formatted(login.peer(), login.user(), login.database(), login.tls());
        return refuse(SqlState.INVALID_AUTHORIZATION_SPECIFICATION, message, "", "refused by HBA");
    }

    // ---- the choice of a challenge

    /** An md5 line admits users with a SCRAM secret by SCRAM, as PostgreSQL does. */
    private ClientStep beginMd5Line() {
        return switch (secret) {
            case StoredSecret.Plain _, StoredSecret.Md5 _ -> beginMd5();
            case StoredSecret.Scram _ -> beginScram();
            case StoredSecret.None _, StoredSecret.Unusable _, StoredSecret.Delegated _ ->
                    beginAsUnknown(context.usual().allowMd5());
            case null -> beginAsUnknown(context.usual().allowMd5());
        };
    }

    private ClientStep beginBySecret() {
        return switch (secret) {
            case StoredSecret.Plain _, StoredSecret.Scram _ -> beginScram();
            case StoredSecret.Md5 _ -> beginMd5();
            case StoredSecret.None _, StoredSecret.Unusable _, StoredSecret.Delegated _ ->
                    beginAsUnknown(context.usual().areMd5());
            case null -> beginAsUnknown(context.usual().areMd5());
        };
    }

    private ClientStep beginAsUnknown(boolean md5) {
        return md5 ? beginMd5() : beginScram();
    }

    // ---- clear text

    private ClientStep onPassword(Bytes password) {
        return switch (secret) {
            case StoredSecret.Plain(Bytes expected) ->
                    onPasswordChecked(password.equals(expected), password);
            case StoredSecret.Md5(String hash) ->
                    onPasswordChecked(
                            Bytes.ofText(Md5Password.hash(password, login.user()))
                                    .equals(Bytes.ofText(hash)),
                            password);
            case StoredSecret.Scram scram -> checkPassword(password, scram);
            case StoredSecret.None _, StoredSecret.Delegated _ ->
                    checkInVain(password, NO_PASSWORD);
            case StoredSecret.Unusable(String reason) -> checkInVain(password, reason);
            case null -> checkInVain(password, UNKNOWN_USER);
        };
    }

    /** Takes as long as for most others. */
    private ClientStep checkInVain(Bytes password, String failure) {
        return context.usual().areVerifiers() && password.length() <= MAX_GUESS
                ? check(password, ScramTarget.nobody(context, login.user()), failure)
                : refusePassword(failure);
    }

    private ClientStep checkPassword(Bytes password, StoredSecret.Scram scram) {
        if (password.length() > MAX_GUESS) {
            return refusePassword(WRONG_PASSWORD);
        }
        ScramKeys known = context.keys().find(password, scram.salt(), scram.iterations());
        if (known != null) {
            return onPasswordChecked(known.storedKey().equals(scram.storedKey()), password);
        }
        return check(password, scram, WRONG_PASSWORD);
    }

    private ClientStep check(Bytes password, StoredSecret.Scram expected, String failure) {
        state = new CheckingPassword(password, expected, failure);
        return new ClientStep.Derive(
                Derivation.ofGuess(password, expected.salt(), expected.iterations()));
    }

    private ClientStep onPasswordChecked(boolean right, Bytes password) {
        return right
                ? accept(List.of(new AuthenticationOk()), new ServerCredential.Plain(password))
                : refusePassword(WRONG_PASSWORD);
    }

    // ---- other authorities

    private ClientStep askForToken(Authority authority) {
        return send(new AwaitingToken(authority), new AuthenticationCleartextPassword());
    }

    private ClientStep onToken(Authority authority, Bytes token) {
        state = new AskingAuthority(authority);
        return new ClientStep.Ask(authority, login, token);
    }

    /** What the authority of {@link ClientStep.Ask} says. */
    public ClientStep onVerdict(Authority.Verdict verdict) {
        if (state instanceof Refused(ClientStep.Refused step)) {
            return step;
        }
        if (!(state instanceof AskingAuthority(Authority authority))) {
            throw new IllegalStateException("nobody was asked");
        }
        return switch (verdict) {
            case Authority.Verdict.Unknown(String reason) -> refuseBy(authority, reason);
            case Authority.Verdict.Known known -> onKnown(authority, known);
        };
    }

    private ClientStep onKnown(Authority authority, Authority.Verdict.Known known) {
        String identity = known.identity();
        boolean byRule = rule.authority() != null;
        boolean right = byRule ? rule.mayBe().test(identity) : identity.equals(login.user());
        if (!right) {
            return refuseBy(authority, "it is \"%s\"".formatted(identity));
        }
        if (secret == null) {
            return refuseUnknownRole();
        }
        return accept(
                List.of(new AuthenticationOk()),
                identity,
                known.application(),
                new ServerCredential.None());
    }

    /** The authority of {@link ClientStep.Ask} says nothing. */
    public ClientStep onNoVerdict(String reason) {
        return refuse(
                SqlState.SYSTEM_ERROR,
                "Authentication service unavailable. Please try again later.",
                "",
                reason);
    }

    private ClientStep refuseBy(Authority authority, String reason) {
        if (rule.authority() == null) {
            return refusePassword(authority.name() + ": " + reason);
        }
        return refuse(authority.refusal(login.user(), reason), reason);
    }

    // ---- MD5

    private ClientStep beginMd5() {
        return switch (secret) {
            case StoredSecret.Plain(Bytes password) ->
                    challengeMd5(
                            Md5Password.hash(password, login.user()),
                            new ServerCredential.Plain(password),
                            WRONG_PASSWORD);
            case StoredSecret.Md5(String hash) ->
                    challengeMd5(
                            hash, new ServerCredential.Md5Hash(login.user(), hash), WRONG_PASSWORD);
            case StoredSecret.Scram _ ->
                    throw new IllegalStateException("a SCRAM secret cannot do MD5");
            case StoredSecret.None _, StoredSecret.Delegated _ -> challengeMd5InVain(NO_PASSWORD);
            case StoredSecret.Unusable(String reason) -> challengeMd5InVain(reason);
            case null -> challengeMd5InVain(UNKNOWN_USER);
        };
    }

    /** The hash of random bytes, which nobody can answer for. */
    private ClientStep challengeMd5InVain(String failure) {
        String hash = Md5Password.hash(random.bytes(ScramSha256.KEY_BYTES), login.user());
        return challengeMd5(hash, new ServerCredential.None(), failure);
    }

    private ClientStep challengeMd5(String hash, ServerCredential credential, String failure) {
        Bytes salt = random.bytes(Md5Password.SALT_BYTES);
        Bytes expected = Bytes.ofText(Md5Password.response(hash, salt.toByteArray()));
        return send(
                new AwaitingMd5(salt, expected, credential, failure),
                new AuthenticationMD5Password(salt));
    }

    private ClientStep onMd5(AwaitingMd5 awaiting, Bytes response) {
        if (response.equals(awaiting.expected())) {
            return accept(List.of(new AuthenticationOk()), awaiting.credential());
        }
        wrongAnswer = new Md5Answer(awaiting.salt(), response);
        return refusePassword(awaiting.failure());
    }

    /**
     * After a refusal: the user may have another secret by now. An answer to an MD5 challenge is
     * compared with it; in SCRAM a client that failed cannot be asked again.
     *
     * @param newer what is known now
     */
    public ClientStep compareAgain(StoredSecret newer) {
        if (!(state instanceof Refused(ClientStep.Refused step))) {
            throw new IllegalStateException("nothing was refused");
        }
        Md5Answer answer = wrongAnswer;
        if (answer == null || !(newer instanceof StoredSecret.Md5(String hash))) {
            return step;
        }
        Bytes expected = Bytes.ofText(Md5Password.response(hash, answer.salt().toByteArray()));
        return answer.response().equals(expected)
                ? accept(
                        List.of(new AuthenticationOk()),
                        new ServerCredential.Md5Hash(login.user(), hash))
                : step;
    }

    // ---- SCRAM

    private ClientStep beginScram() {
        ScramTarget target =
                switch (secret) {
                    case StoredSecret.Plain(Bytes password) ->
                            new ScramTarget.Password(password, context.saltOf(login.user()));
                    case StoredSecret.Scram scram ->
                            new ScramTarget.Verifier(scram, WRONG_PASSWORD);
                    case StoredSecret.Md5 _ ->
                            impossible("user has an MD5 secret, which cannot do SCRAM");
                    case StoredSecret.None _, StoredSecret.Delegated _ -> impossible(NO_PASSWORD);
                    case StoredSecret.Unusable(String reason) -> impossible(reason);
                    case null -> impossible(UNKNOWN_USER);
                };
        return send(
                new AwaitingMechanism(target),
                new AuthenticationSASL(
                        login.bindings().areOffered()
                                ? List.of(ScramSha256.MECHANISM_PLUS, ScramSha256.MECHANISM)
                                : List.of(ScramSha256.MECHANISM)));
    }

    private ScramTarget impossible(String failure) {
        return ScramTarget.impossible(context, login.user(), failure);
    }

    private ClientStep onMechanism(ScramTarget target, ByteBuf body) throws ScramException {
        SASLInitialResponse message = SASLInitialResponse.decode(body);
        boolean plus =
                message.mechanism().equals(ScramSha256.MECHANISM_PLUS)
                        && login.bindings().areOffered();
        if (!plus && !message.mechanism().equals(ScramSha256.MECHANISM)) {
            return violation("client selected an invalid SASL authentication mechanism");
        }
        Bytes initialResponse = message.initialResponse();
        if (initialResponse == null) {
            // The client may leave it out; an empty challenge then asks for it.
            return send(
                    new AwaitingClientFirst(target, plus),
                    new AuthenticationSASLContinue(Bytes.EMPTY));
        }
        return onClientFirst(target, plus, initialResponse);
    }

    private ClientStep onClientFirst(ScramTarget target, boolean plus, Bytes message)
            throws ScramException {
        ClientFirst first = ClientFirst.parse(message, login.bindings(), plus);
        ScramExchange exchange = ScramExchange.answer(first, random.nonce(), target);
        return send(
                new AwaitingProof(target, exchange),
                new AuthenticationSASLContinue(exchange.challenge().toBytes()));
    }

    private ClientStep onProof(AwaitingProof awaiting, Bytes message) throws ScramException {
        ScramExchange exchange = awaiting.exchange();
        ClientFinal last = exchange.readProof(message);
        return switch (awaiting.target()) {
            case ScramTarget.Verifier verifier -> onVerifierProof(verifier, exchange, last);
            case ScramTarget.Password target -> {
                ScramKeys known =
                        context.keys().find(target.password(), target.salt(), target.iterations());
                if (known != null) {
                    yield onProofKeys(target, exchange, last, known);
                }
                state = new CheckingProof(target, exchange, last);
                yield new ClientStep.Derive(
                        Derivation.kept(
                                context.keys(),
                                target.password(),
                                target.salt(),
                                target.iterations()));
            }
        };
    }

    private ClientStep onVerifierProof(
            ScramTarget.Verifier verifier, ScramExchange exchange, ClientFinal last) {
        StoredSecret.Scram expected = verifier.secret();
        Bytes clientKey = exchange.clientKey(last, expected.storedKey());
        if (clientKey == null) {
            return refusePassword(verifier.failure());
        }
        return acceptScram(
                exchange.serverSignature(last, expected.serverKey()),
                new ServerCredential.ScramClientKey(clientKey, expected));
    }

    private ClientStep onProofKeys(
            ScramTarget.Password target, ScramExchange exchange, ClientFinal last, ScramKeys keys) {
        if (exchange.clientKey(last, keys.storedKey()) == null) {
            return refusePassword(target.failure());
        }
        return acceptScram(
                exchange.serverSignature(last, keys.serverKey()),
                new ServerCredential.Plain(target.password()));
    }

    private ClientStep acceptScram(Bytes serverSignature, ServerCredential credential) {
        Bytes serverFinal = ServerFinal.signature(serverSignature);
        return accept(
                List.of(new AuthenticationSASLFinal(serverFinal), new AuthenticationOk()),
                credential);
    }

    // ---- ends

    private static Bytes readPassword(ByteBuf body) {
        Bytes password = Bytes.ofText(PasswordMessage.decode(body).password());
        if (password.isEmpty()) {
            throw new ProtocolException(
                    SqlState.INVALID_PASSWORD, "empty password returned by client");
        }
        return password;
    }

    private ClientStep send(State next, BackendMessage message) {
        state = next;
        return new ClientStep.Send(message);
    }

    private ClientStep accept(List<BackendMessage> messages, ServerCredential credential) {
        return accept(messages, login.user(), "", credential);
    }

    private ClientStep accept(
            List<BackendMessage> messages,
            String identity,
            String application,
            ServerCredential credential) {
        if (rule.certificate() == ClientCertificate.VERIFY_FULL && !isOwnCertificate(identity)) {
            return refuseCertificate();
        }
        state = new Accepted();
        String known = rule.method() == HbaMethod.CERT ? login.certificate() : identity;
        return new ClientStep.Accepted(messages, known, application, credential);
    }

    /**
     * @param identity whom the authority has named
     */
    private boolean isOwnCertificate(String identity) {
        Predicate<String> mayBe = rule.namesRole() ? identity::equals : rule.mayBe();
        return rule.wholeName()
                ? mayBe.test(login.certificate())
                : CertificateName.common(login.certificate()).filter(mayBe).isPresent();
    }

    private ClientStep refuseCertificate() {
        String reason = "the certificate is that of \"%s\"".formatted(login.certificate());
        if (rule.method() != HbaMethod.CERT && rule.method() != HbaMethod.TRUST) {
            return refusePassword(reason);
        }
        String word = rule.method() == HbaMethod.CERT ? "certificate" : "\"trust\"";
        return refuse(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "%s authentication failed for user \"%s\"".formatted(word, login.user()),
                "",
                reason);
    }

    private ClientStep refusePassword(String logReason) {
        return refuse(
                SqlState.INVALID_PASSWORD,
                "password authentication failed for user \"" + login.user() + "\"",
                "",
                logReason);
    }

    private ClientStep violation(String message) {
        return refuse(SqlState.PROTOCOL_VIOLATION, message, "", message);
    }

    private ClientStep refuse(String sqlState, String message, String detail, String logReason) {
        ErrorResponse error = ErrorResponse.of(Severity.FATAL, sqlState, message);
        return refuse(detail.isEmpty() ? error : error.withDetail(detail), logReason);
    }

    private ClientStep refuse(ErrorResponse error, String logReason) {
        var step = new ClientStep.Refused(error, logReason);
        state = new Refused(step);
        return step;
    }
}
