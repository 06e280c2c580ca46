package io.pgdoorman.session;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientAuthentication;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.auth.ClientStep;
import io.pgdoorman.auth.LoginRandom;
import io.pgdoorman.auth.LoginRule;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaRequest;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Whether a client comes in, and as whom: from its StartupMessage to the account that it is given.
 *
 * <pre>
 *   [host name, roles] ─► rule ─► account: configured, or [looked up] ─► authentication
 *                                       a wrong password: [looked up again]
 * </pre>
 *
 * <p>Threads: confined to the client's loop; what is in brackets is waited for.
 */
final class Admission {
    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

    /** Whoever comes where the rules ask for no password. */
    private static final ClientDirectory.Operator ANYBODY =
            new ClientDirectory.Operator(StoredSecret.parse(""), true);

    private final LoginHandler login;
    private final Sessions sessions;
    private final ClientServices services;
    private final LoginRandom random;
    private final StartupRequest request;
    private final ClientLogin client;

    /** Null for a Unix socket. */
    private final @Nullable InetAddress peer;

    /** Of a user who is looked up it is known when the client has proved who it is. */
    private ClientDirectory.@Nullable Account account;

    private ClientDirectory.@Nullable Candidate candidate;

    /** Set if it is the admin console that the client wants. */
    private ClientDirectory.@Nullable Operator operator;

    /** The configuration does not name the user. */
    private boolean lookedUp;

    /** A look-up was repeated because the password did not fit. */
    private boolean lookedUpAgain;

    /** Tells by its token which user the client is, whoever it says. */
    private boolean namedByToken;

    /** Which line of pg_hba decided, for the log; empty if none did. */
    private String place = "no line matches";

    private HbaMethod method = HbaMethod.REJECT;
    private boolean decided;
    private @Nullable ClientAuthentication authentication;

    Admission(
            LoginHandler login,
            Sessions sessions,
            ClientServices services,
            LoginRandom random,
            StartupRequest request,
            ClientLogin client,
            @Nullable InetAddress peer) {
        this.login = login;
        this.sessions = sessions;
        this.services = services;
        this.random = random;
        this.request = request;
        this.client = client;
        this.peer = peer;
    }

    // ---- which rule -----------------------------------------------------------------------------

    void begin() {
        HbaRules rules = sessions.directory().hba();
        var asked =
                new HbaRequest(
                        peer == null, client.tls(), request.database(), request.user(), peer);
        // a Unix socket has no name
        decide(rules, asked, peer == null ? "" : null, false);
    }

    /** Finds out what the lines need, in their order, until one decides. */
    private void decide(
            HbaRules rules, HbaRequest asked, @Nullable String hostName, boolean rolesKnown) {
        ClientDirectory directory = sessions.directory();
        switch (rules.unknown(asked, hostName, rolesKnown)) {
            case NOTHING -> onRule(rules, rules.decide(asked, hostName == null ? "" : hostName));
            case HOST_NAME ->
                    login.await(
                            directory.hostName(Objects.requireNonNull(peer)),
                            name -> decide(rules, asked, name, rolesKnown),
                            _ -> decide(rules, asked, "", rolesKnown));
            case ROLES ->
                    login.await(
                            directory.rolesOf(request.database(), request.user()),
                            roles -> decide(rules, asked.withRoles(roles), hostName, true),
                            this::onNotLookedUp);
        }
    }

    private void onRule(HbaRules rules, Optional<HbaRule> found) {
        decided = true;
        if (found.isEmpty()) {
            find(LoginRule.of(HbaMethod.REJECT));
            return;
        }
        HbaRule rule = found.get();
        place = rule.place();
        method = rule.method();
        find(
                LoginRule.of(
                        rule.method(),
                        rule.options(),
                        sessions.directory().authority(rule).orElse(null),
                        identity -> rules.mayBe(rule, identity, request.user())));
    }

    // ---- which account --------------------------------------------------------------------------

    private void find(LoginRule rule) {
        ClientDirectory directory = sessions.directory();
        String database = request.database();
        String user = request.user();
        boolean rejected = rule.method() == HbaMethod.REJECT;
        if (Consoles.DATABASES.contains(database)) {
            beginConsole(rule);
            return;
        }
        if (!rejected && !directory.hasDatabase(database)) {
            refuseUnknownPool(SqlState.INVALID_CATALOG_NAME);
            return;
        }
        Optional<Authority> tokens = directory.tokenNames(user);
        if (tokens.isPresent() && asksForPassword(rule.method())) {
            namedByToken = true;
            authenticate(
                    new LoginRule(
                            HbaMethod.JWT,
                            rule.certificate(),
                            rule.wholeName(),
                            tokens.get(),
                            role -> directory.find(database, role).isPresent(),
                            true),
                    new StoredSecret.None());
            return;
        }
        Optional<ClientDirectory.Account> found = directory.find(database, user);
        if (found.isEmpty() && !rejected) {
            CompletableFuture<Optional<ClientDirectory.Candidate>> asked =
                    directory.lookUp(database, user, false);
            if (asked != null) {
                lookedUp = true;
                login.await(asked, answer -> onLookedUp(rule, answer), this::onNotLookedUp);
                return;
            }
        }
        if (rule.method() == HbaMethod.TRUST && found.isEmpty()) {
            refuseUnknownPool(SqlState.INVALID_AUTHORIZATION_SPECIFICATION);
            return;
        }
        admit(rule, found);
    }

    /** Whether a token may take the place of what the rule asks for. */
    private static boolean asksForPassword(HbaMethod method) {
        return switch (method) {
            case PASSWORD, MD5, SCRAM_SHA_256, BY_SECRET -> true;
            case TRUST, REJECT, CERT, PAM, LDAP, JWT -> false;
        };
    }

    private void refuseUnknownPool(String sqlState) {
        login.refuse(
                sqlState,
                "No connection pool configured for database: %s, user: %s. Please check your connection parameters."
                        .formatted(request.database(), request.user()));
    }

    private void admit(LoginRule rule, Optional<ClientDirectory.Account> found) {
        account = found.orElse(null);
        authenticate(rule, found.map(ClientDirectory.Account::secret).orElse(null));
    }

    private void onLookedUp(LoginRule rule, Optional<ClientDirectory.Candidate> found) {
        candidate = found.orElse(null);
        found.ifPresent(user -> services.authentication().usual().found(user.secret()));
        authenticate(rule, found.map(ClientDirectory.Candidate::secret).orElse(null));
    }

    private void onNotLookedUp(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        LOG.warn(
                "{} client {} startup failed: user \"{}\" could not be looked up: {}",
                login,
                client.peer(),
                request.user(),
                cause.getMessage());
        sessions.directory().onLookedUp(request.database(), false);
        login.close(
                ErrorResponse.of(
                        Severity.FATAL,
                        SqlState.SYSTEM_ERROR,
                        "Authentication service unavailable. Please try again later."));
    }

    private void beginConsole(LoginRule rule) {
        Optional<ClientDirectory.Operator> found = sessions.directory().operator(request.user());
        operator = found.orElse(null);
        if (operator == null && rule.method() == HbaMethod.TRUST) {
            operator = ANYBODY;
        }
        authenticate(rule, found.map(ClientDirectory.Operator::secret).orElse(null));
    }

    // ---- proof ----------------------------------------------------------------------------------

    private void authenticate(LoginRule rule, @Nullable StoredSecret secret) {
        if (rule.method() == HbaMethod.REJECT) {
            sessions.onRejected(Rejection.HBA);
        }
        var auth =
                new ClientAuthentication(services.authentication(), random, client, rule, secret);
        authentication = auth;
        login.onChallenge(auth.begin());
    }

    ClientAuthentication authentication() {
        ClientAuthentication auth = authentication;
        if (auth == null) {
            throw new IllegalStateException("no authentication before the startup packet");
        }
        return auth;
    }

    boolean hasBegun() {
        return authentication != null;
    }

    /**
     * The password does not fit; perhaps it has been changed since it was looked up. The same is
     * done for a user that was not found, or the time would tell who exists.
     */
    boolean looksUpAgain(ClientStep.Refused refused, Proof proof) {
        if (!lookedUp || lookedUpAgain) {
            return false;
        }
        boolean wrongPassword =
                SqlState.INVALID_PASSWORD.equals(refused.error().fields().sqlState());
        CompletableFuture<Optional<ClientDirectory.Candidate>> asked =
                wrongPassword
                        ? sessions.directory().lookUp(request.database(), request.user(), true)
                        : null;
        if (asked == null) {
            return false;
        }
        lookedUpAgain = true;
        proof.await(
                asked,
                answer -> {
                    candidate = answer.orElse(candidate);
                    proof.take(
                            answer.map(found -> authentication().compareAgain(found.secret()))
                                    .orElse(refused));
                },
                _ -> proof.take(refused),
                _ -> refused);
        return true;
    }

    /** The client has proved who it is. */
    void onAccepted(ClientStep.Accepted accepted) {
        if (namedByToken) {
            account =
                    sessions.directory().find(request.database(), accepted.identity()).orElse(null);
        }
        if (candidate != null) {
            account = candidate.account().get().orElse(null);
        }
        ClientDirectory.Account user = account;
        if (user == null) {
            return;
        }
        if (lookedUp) {
            sessions.directory().onLookedUp(request.database(), true);
        }
        if (user.passThrough() && !(accepted.credential() instanceof ServerCredential.None)) {
            user.pool().source().learn(accepted.credential());
        }
    }

    /** How long the client waits for its refusal: a while, if it may be guessing. */
    FailedLogins.Penalty penalty(ClientStep.Refused refused) {
        boolean guess =
                SqlState.INVALID_PASSWORD.equals(refused.error().sqlState())
                        || method == HbaMethod.PAM
                        || method == HbaMethod.LDAP
                        || method == HbaMethod.JWT;
        return sessions.failedLogins()
                .onFailure(
                        peer, request.user(), guess ? sessions.settings().failedLoginNanos() : 0);
    }

    void onRefused() {
        if (lookedUp) {
            sessions.directory().onLookedUp(request.database(), false);
        }
    }

    // ---- what came of it ------------------------------------------------------------------------

    /** The name of the pool that the client asks for; empty if there is no such user. */
    String pool() {
        if (candidate != null) {
            return candidate.pool();
        }
        return account == null ? "" : account.pool().name();
    }

    Optional<ClientDirectory.Account> account() {
        return Optional.ofNullable(account);
    }

    Optional<ClientDirectory.Operator> operator() {
        return Optional.ofNullable(operator);
    }

    /** Who the session is: whom the client said, or whom its token named. */
    String user(ClientStep.Accepted accepted) {
        return namedByToken ? accepted.identity() : request.user();
    }

    ClientLogin client() {
        return client;
    }

    /** Whether the rules have been asked; before, there is no method and no place. */
    boolean isDecided() {
        return decided;
    }

    HbaMethod method() {
        return method;
    }

    /** Which line decided, as {@code pg_hba.conf:12}. */
    String place() {
        return place;
    }
}
