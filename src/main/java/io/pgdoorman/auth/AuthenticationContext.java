package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.WireStrings;

import java.security.SecureRandom;
import java.util.Arrays;

/**
 * What all logins of a process share. Threads: any; immutable but for the random source and the key
 * cache, which are safe for all threads.
 *
 * <p>Users that do not exist are asked for a password like any other. Their SCRAM salt comes from
 * {@code processSecret}, so it is the same at each attempt; give the same secret to a successor
 * process, or the salts that change with it tell which users exist.
 */
public final class AuthenticationContext {
    /** Recommended length of the process secret. */
    public static final int PROCESS_SECRET_BYTES = 32;

    private final SecureRandom random;
    private final ScramKeyCache keys;

    /** Written by a handover, before this process takes its first client. */
    private volatile Bytes processSecret;

    private final UsualSecrets usual;

    /**
     * With the choices made.
     *
     * @param processSecret random bytes, 16 or more
     * @param usual decides how users are treated that do not exist
     */
    public AuthenticationContext(
            SecureRandom random, ScramKeyCache keys, Bytes processSecret, UsualSecrets usual) {
        if (processSecret.length() < 16) {
            throw new IllegalArgumentException("process secret is too short");
        }
        this.random = random;
        this.keys = keys;
        this.processSecret = processSecret;
        this.usual = usual;
    }

    /** To be given to a successor process only. */
    public Bytes processSecret() {
        return processSecret;
    }

    /** Takes the secret of the process before this one. */
    public void continueWith(Bytes secret) {
        if (secret.length() >= 16) {
            processSecret = secret;
        }
    }

    ScramKeyCache keys() {
        return keys;
    }

    /** What kinds of secrets users have; users that were looked up are to be told to it. */
    public UsualSecrets usual() {
        return usual;
    }

    /**
     * The SCRAM salt of a user without a stored one: unknown users, and users whose secret is plain
     * text. The same for both, so that it tells nothing.
     */
    Bytes saltOf(String user) {
        Bytes mac = ScramSha256.hmac(processSecret, WireStrings.toBytes(user));
        return Bytes.copyOf(Arrays.copyOf(mac.toByteArray(), ScramSha256.SALT_BYTES));
    }

    Bytes randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return Bytes.copyOf(bytes);
    }

    @Override
    public String toString() {
        return "AuthenticationContext";
    }
}
