package io.pgdoorman.tls;

import java.util.Arrays;

/**
 * The TLS of a connection between two records, as data. Bytes of a record that has not arrived
 * whole are not part of it: they stand before what is read next.
 *
 * <p>Threads: immutable by use; {@link #destroy} ends that.
 *
 * @param suite number of the cipher suite, which implies the version
 * @param readSecret TLS 1.3: the peer's traffic secret; 1.2: its key and fixed nonce
 * @param readSequence of the record that comes next
 * @param writeSecret as {@code readSecret}, ours
 * @param writeSequence of the record that is written next
 * @param unfinished the first bytes of a handshake message (TLS 1.3) whose end is in another record
 * @param serverName the name the client asked for (SNI); empty if none
 * @param peerName subject of the peer's certificate (RFC 2253); empty if it showed none
 */
public record FrozenTls(
        int suite,
        byte[] readSecret,
        long readSequence,
        byte[] writeSecret,
        long writeSequence,
        byte[] unfinished,
        String serverName,
        String peerName) {

    /** Forgets the secrets. */
    public void destroy() {
        Arrays.fill(readSecret, (byte) 0);
        Arrays.fill(writeSecret, (byte) 0);
    }

    /** Without the secrets. */
    @Override
    public String toString() {
        return "FrozenTls[suite=0x%04x, read=%d, written=%d]"
                .formatted(suite, readSequence, writeSequence);
    }
}
