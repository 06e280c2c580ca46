package io.pgdoorman.authority;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.wire.Bytes;

import org.jose4j.jwt.JwtClaims;
import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Knows clients by what a claim of their token says. Two are equal if they say the same of every
 * token.
 *
 * <p>Threads: immutable; tokens are verified on the executor.
 */
public final class TokenAuthority implements Authority {
    private final TokenKeys keys;
    private final TokenRules rules;
    private final TokenVerifier verifier;
    private final Executor executor;

    /**
     * @param executor of what would take a loop's time; may refuse
     */
    public TokenAuthority(
            TokenKeys keys, TokenRules rules, Executor executor, InstantSource clock) {
        this.keys = keys;
        this.rules = rules;
        this.executor = executor;
        this.verifier = new TokenVerifier(keys, rules, clock);
    }

    @Override
    public String name() {
        return "JWT";
    }

    @Override
    public CompletableFuture<Verdict> ask(ClientLogin login, Bytes password) {
        return Verdicts.on(executor, () -> verdict(password));
    }

    private Verdict verdict(Bytes token) throws TokenException {
        JwtClaims claims = verifier.verify(token);
        Object claim = claims.getClaimValue(rules.claim());
        if (claim instanceof String name && !name.isEmpty()) {
            return new Verdict.Known(name);
        }
        throw new TokenException(
                claim == null
                        ? "the token has no claim " + rules.claim()
                        : "the claim %s of the token is not a name".formatted(rules.claim()));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TokenAuthority that
                && keys.equals(that.keys)
                && rules.equals(that.rules);
    }

    @Override
    public int hashCode() {
        return Objects.hash(keys, rules);
    }
}
