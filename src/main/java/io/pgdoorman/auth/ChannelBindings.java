package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

/**
 * What SCRAM may tie a client's login to; {@link io.pgdoorman.tls.ChannelBinding}. The client
 * chooses the type, and need not choose any. Threads: immutable.
 *
 * @param endPoint {@code tls-server-end-point}: the hash of our certificate; empty if there is
 *     none, and then SCRAM-SHA-256-PLUS is not offered, because it is the one that libpq knows
 * @param exporter {@code tls-exporter}; empty if the connection has none
 */
public record ChannelBindings(Bytes endPoint, Bytes exporter) {
    public static final ChannelBindings NONE = new ChannelBindings(Bytes.EMPTY, Bytes.EMPTY);

    boolean areOffered() {
        return !endPoint.isEmpty();
    }
}
