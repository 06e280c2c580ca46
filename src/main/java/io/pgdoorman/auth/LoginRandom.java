package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Base64;

/**
 * The random bytes of one login, kept so that the exchange can be repeated elsewhere: those given
 * come first, then new ones. Threads: confined to the client's loop.
 */
public final class LoginRandom {
    /** Bytes of our part of a nonce, as PostgreSQL's. */
    private static final int NONCE_BYTES = 18;

    private final AuthenticationContext context;
    private final byte[] given;
    private final ByteArrayOutputStream used = new ByteArrayOutputStream(32);

    /**
     * @param given what an earlier part of the same login has used; empty for a new one
     */
    public LoginRandom(AuthenticationContext context, byte[] given) {
        this.context = context;
        this.given = given;
    }

    /** All bytes handed out so far, here or before. */
    public byte[] used() {
        return used.size() < given.length ? given.clone() : used.toByteArray();
    }

    Bytes bytes(int length) {
        byte[] bytes = Arrays.copyOfRange(given, Math.min(used.size(), given.length), given.length);
        bytes =
                bytes.length >= length
                        ? Arrays.copyOf(bytes, length)
                        : context.randomBytes(length).toByteArray();
        used.write(bytes, 0, length);
        return Bytes.copyOf(bytes);
    }

    String nonce() {
        return Base64.getEncoder().encodeToString(bytes(NONCE_BYTES).toByteArray());
    }
}
