package io.pgdoorman.wire;

import java.util.Comparator;

/**
 * A version of the frontend/backend protocol; ordered oldest first. Threads: immutable.
 *
 * @param major 0 to 65535; 1234 marks request codes that are no version, such as SSLRequest
 * @param minor 0 to 65535
 * @see <a href="https://www.postgresql.org/docs/current/protocol.html">Frontend/Backend
 *     Protocol</a>
 */
public record ProtocolVersion(int major, int minor) implements Comparable<ProtocolVersion> {
    /** Cancel keys have a secret of exactly four bytes. */
    public static final ProtocolVersion V3_0 = new ProtocolVersion(3, 0);

    /** Cancel keys have a secret of 4 to 256 bytes. PostgreSQL 18 and later. */
    public static final ProtocolVersion V3_2 = new ProtocolVersion(3, 2);

    private static final int HALF_MAX = 0xFFFF;
    private static final Comparator<ProtocolVersion> OLDEST_FIRST =
            Comparator.comparingInt(ProtocolVersion::major)
                    .thenComparingInt(ProtocolVersion::minor);

    public ProtocolVersion {
        if (major < 0 || major > HALF_MAX || minor < 0 || minor > HALF_MAX) {
            throw new IllegalArgumentException("protocol version " + major + "." + minor);
        }
    }

    /** The version in the four bytes of a startup packet; every number is some version. */
    public static ProtocolVersion of(int code) {
        return new ProtocolVersion(code >>> 16, code & HALF_MAX);
    }

    /** The four bytes of a startup packet. */
    public int code() {
        return major << 16 | minor;
    }

    public boolean isAtLeast(ProtocolVersion other) {
        return compareTo(other) >= 0;
    }

    @Override
    public int compareTo(ProtocolVersion other) {
        return OLDEST_FIRST.compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
