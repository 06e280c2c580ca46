package io.pgdoorman.session;

import io.pgdoorman.auth.ChannelBindings;
import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

/**
 * A login between two events, as data. It is repeated from its first byte with the same random
 * numbers; what the client has got already is not sent again.
 *
 * <p>Threads: immutable by use; the arrays are not shared. They hold what the client proves itself
 * with, perhaps a password.
 *
 * @param id of the connection, and of its session later
 * @param overLimit only a cancel request is served
 * @param received all the client has sent
 * @param random all random bytes the exchange has used
 * @param sentBytes how much the client has been sent
 * @param sentCheck CRC-32 of that
 * @param nanosLeft until login_timeout; 0 is no limit
 * @param endPoint hash of the certificate the client was shown; empty if it was none
 * @param exporter what {@code tls-exporter} binds to; empty if there is none
 * @param verdict of another authority; null if none was asked, or has answered
 */
public record FrozenLogin(
        int id,
        boolean overLimit,
        byte[] received,
        byte[] random,
        int sentBytes,
        long sentCheck,
        long nanosLeft,
        byte[] endPoint,
        byte[] exporter,
        @Nullable FrozenVerdict verdict) {

    ChannelBindings bindings() {
        return new ChannelBindings(Bytes.copyOf(endPoint), Bytes.copyOf(exporter));
    }
}
