package io.pgdoorman.authority;

import java.time.Duration;
import java.util.Optional;

/**
 * What a token has to say beside a good signature. Threads: immutable.
 *
 * @param claim which says who the client is
 * @param issuer what {@code iss} has to be; empty if it may be anything
 * @param audience what has to be in {@code aud}; empty if that may be anything
 * @param clockSkew how far the issuer's clock may be off
 */
public record TokenRules(
        String claim, Optional<String> issuer, Optional<String> audience, Duration clockSkew) {
    /** The claim of users with a key of their own. */
    public static final String USER_CLAIM = "preferred_username";

    /** Where nothing else is said. */
    public static final Duration CLOCK_SKEW = Duration.ofSeconds(30);

    /** Without options. */
    public static final TokenRules DEFAULT =
            new TokenRules(USER_CLAIM, Optional.empty(), Optional.empty(), CLOCK_SKEW);
}
