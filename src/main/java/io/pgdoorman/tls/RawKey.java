package io.pgdoorman.tls;

import java.io.Serial;
import java.util.Arrays;

import javax.crypto.SecretKey;

/**
 * A key that can be forgotten, which the JDK's {@code SecretKeySpec} cannot. Threads: confined to
 * its user.
 */
final class RawKey implements SecretKey {
    @Serial private static final long serialVersionUID = 1;

    private final String algorithm;
    private final byte[] bytes;
    private boolean destroyed;

    /**
     * @param bytes its own from here on
     */
    RawKey(String algorithm, byte[] bytes) {
        this.algorithm = algorithm;
        this.bytes = bytes;
    }

    @Override
    public String getAlgorithm() {
        return algorithm;
    }

    @Override
    public String getFormat() {
        return "RAW";
    }

    /** A copy, which ciphers overwrite or keep. */
    @Override
    public byte[] getEncoded() {
        if (destroyed) {
            throw new IllegalStateException("the key is destroyed"); // zeros would be a key, too
        }
        return bytes.clone();
    }

    @Override
    public void destroy() {
        Arrays.fill(bytes, (byte) 0);
        destroyed = true;
    }

    @Override
    public boolean isDestroyed() {
        return destroyed;
    }
}
