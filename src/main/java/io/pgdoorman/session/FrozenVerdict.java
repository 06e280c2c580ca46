package io.pgdoorman.session;

import io.pgdoorman.auth.Authority;

import org.jspecify.annotations.Nullable;

/**
 * What another authority has said of a client whose login is not over, as data: a password for one
 * time must not be shown to it twice. Threads: immutable.
 *
 * @param authority its name; another one is asked all the same
 * @param identity see {@link Authority.Verdict.Known}
 * @param application see there
 */
public record FrozenVerdict(String authority, String identity, String application) {
    static FrozenVerdict of(Authority authority, Authority.Verdict.Known known) {
        return new FrozenVerdict(authority.name(), known.identity(), known.application());
    }

    /** What the authority has said; null if it was another one. */
    Authority.@Nullable Verdict by(Authority other) {
        return authority.equals(other.name())
                ? new Authority.Verdict.Known(identity, application)
                : null;
    }
}
