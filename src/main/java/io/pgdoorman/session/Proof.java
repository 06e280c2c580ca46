package io.pgdoorman.session;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientAuthentication;
import io.pgdoorman.auth.ClientStep;
import io.pgdoorman.auth.Derivation;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a client shows to prove who it is, and what comes of it: the steps of its {@link
 * ClientAuthentication}. Keys are derived and other authorities asked elsewhere meanwhile; what
 * they say counts, even if the client does not wait for it: else whoever hangs up after each guess
 * would guess unseen, and for nothing. A refusal may be told late.
 *
 * <p>Threads: confined to the client's loop.
 */
final class Proof {
    private static final Logger LOG = LoggerFactory.getLogger(Proof.class);

    private final LoginHandler login;
    private final ClientServices services;

    /** What another authority knows of the client, here or before the login moved here. */
    private @Nullable FrozenVerdict verdict;

    /** Since when another authority thinks about the client; 0 if none does. */
    private long askedNanos;

    private boolean checked;

    /** The refusal that the client will hear of. */
    private @Nullable ErrorResponse refusal;

    private FailedLogins.@Nullable Penalty penalty;

    Proof(LoginHandler login, ClientServices services, @Nullable FrozenVerdict verdict) {
        this.login = login;
        this.services = services;
        this.verdict = verdict;
    }

    void take(ClientStep step) {
        switch (step) {
            case ClientStep.Send(BackendMessage message) -> login.challenge(message);
            case ClientStep.Derive(Derivation work) -> derive(work);
            case ClientStep.Ask ask -> ask(ask);
            case ClientStep.Accepted accepted -> login.onAccepted(accepted);
            case ClientStep.Refused refused when login.admission().looksUpAgain(refused, this) -> {}
            case ClientStep.Refused refused -> onRefused(refused);
        }
    }

    // ---- checked elsewhere ----------------------------------------------------------------------

    /**
     * Waits for what decides about the proof.
     *
     * @param ifGone what comes of the answer if the client is gone by then; of null, if there was
     *     none
     */
    <T> void await(
            CompletableFuture<T> asked,
            Consumer<T> onAnswer,
            Consumer<Throwable> onFailure,
            Function<@Nullable T, @Nullable ClientStep> ifGone) {
        checked = true;
        login.await(
                asked,
                answer -> {
                    checked = false;
                    onAnswer.accept(answer);
                },
                failure -> {
                    checked = false;
                    onFailure.accept(failure);
                },
                answer -> {
                    checked = false;
                    onLate(ifGone.apply(answer));
                });
    }

    private void ask(ClientStep.Ask ask) {
        ClientAuthentication auth = login.admission().authentication();
        Authority authority = ask.authority();
        Authority.Verdict known = verdict == null ? null : verdict.by(authority);
        if (known != null) {
            take(auth.onVerdict(known));
            return;
        }
        askedNanos = System.nanoTime();
        await(
                authority.ask(ask.login(), ask.password()),
                answer -> {
                    askedNanos = 0;
                    if (answer instanceof Authority.Verdict.Known who) {
                        verdict = FrozenVerdict.of(authority, who);
                    }
                    take(auth.onVerdict(answer));
                },
                failure -> {
                    askedNanos = 0;
                    take(auth.onNoVerdict(reason(failure)));
                },
                answer -> answer == null ? null : auth.onVerdict(answer));
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private void derive(Derivation work) {
        ClientAuthentication auth = login.admission().authentication();
        await(
                services.derivations().derive(login.address(), work, login.channel()::isActive),
                keys -> take(auth.onDerived(keys)),
                this::onNotDerived,
                keys -> keys == null ? null : auth.onDerived(keys));
    }

    private void onNotDerived(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        if (cause instanceof RejectedExecutionException) {
            login.refuse(SqlState.TOO_MANY_CONNECTIONS, "too many logins at the same time");
        } else if (cause instanceof CancellationException) {
            login.context().close(); // the client is gone
        } else {
            login.exceptionCaught(login.context(), failure);
        }
    }

    // ---- refused --------------------------------------------------------------------------------

    private void onRefused(ClientStep.Refused refused) {
        FailedLogins.Penalty delay = count(refused, "");
        if (delay.nanos() == 0) {
            login.close(refused.error());
            return;
        }
        penalty = delay;
        refusal = refused.error();
        login.closeLater(refused.error(), delay.nanos());
    }

    /**
     * The client has left before it could hear what came of its proof.
     *
     * @param step null if nothing came of it
     */
    private void onLate(@Nullable ClientStep step) {
        if (!(step instanceof ClientStep.Refused refused)) {
            login.auditGone();
            return;
        }
        count(refused, "; the client did not wait for it").end().run(); // nobody waits
    }

    /** For the log, and for those who guess. */
    private FailedLogins.Penalty count(ClientStep.Refused refused, String circumstance) {
        Admission admission = login.admission();
        admission.onRefused();
        String place = admission.method() == HbaMethod.REJECT ? " (" + admission.place() + ")" : "";
        LOG.warn(
                "{} client {} startup failed: login refused: {}{}{}",
                login,
                login.peer(),
                refused.logReason(),
                place,
                circumstance);
        login.audit(refused.error().sqlState(), refused.logReason() + circumstance);
        return admission.penalty(refused);
    }

    // ---- what the login asks --------------------------------------------------------------------

    /** It is being checked elsewhere: what comes of it is told then, though the client has left. */
    boolean isChecked() {
        return checked;
    }

    /** Another authority thinks about the client, and has not done so for longer than that. */
    boolean isAskedSinceLessThan(long nanos) {
        return askedNanos != 0 && System.nanoTime() - askedNanos < nanos;
    }

    /** What the client will hear; null if it is not to be refused. */
    @Nullable ErrorResponse refusalThatWaits() {
        return penalty == null ? null : refusal;
    }

    /** What may move along with the login. */
    @Nullable FrozenVerdict verdict() {
        return verdict;
    }

    /** The refusal waits no longer, if there is one. */
    void letGo() {
        FailedLogins.Penalty delay = penalty;
        if (delay != null) {
            penalty = null;
            delay.end().run();
        }
    }
}
