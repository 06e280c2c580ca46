package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

/**
 * What one password comes to under one salt and iteration count. Threads: immutable.
 *
 * @param clientKey proves the password to a server; as good as the password
 * @param storedKey checks a proof
 * @param serverKey proves the server to a client
 */
public record ScramKeys(Bytes clientKey, Bytes storedKey, Bytes serverKey) {
    /** Costs milliseconds: not for an event loop. Normalises {@code password} by SASLprep. */
    static ScramKeys derive(Bytes password, Bytes salt, int iterations) {
        Bytes salted = ScramSha256.saltedPassword(SaslPrep.normalize(password), salt, iterations);
        Bytes clientKey = ScramSha256.clientKey(salted);
        return new ScramKeys(clientKey, ScramSha256.hash(clientKey), ScramSha256.serverKey(salted));
    }
}
