package io.pgdoorman.config;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A network. IPv4 addresses mapped into IPv6 count as IPv4, on both sides of the comparison.
 *
 * <p>Threads: immutable.
 *
 * @param network with the host bits cleared
 * @param prefixBits 0 to 32 or 128
 */
public record Cidr(InetAddress network, int prefixBits) {
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    /** Whether {@code address} is of the same family and in this network. */
    public boolean contains(InetAddress address) {
        byte[] own = network.getAddress();
        byte[] other = folded(address.getAddress());
        if (own.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < prefixBits; bit += Byte.SIZE) {
            int mask =
                    prefixBits - bit >= Byte.SIZE ? 0xff : 0xff << (Byte.SIZE - (prefixBits - bit));
            if (((own[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask & 0xff) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The IPv4 address that {@code ::ffff:0:0/96} maps; other addresses as they are. */
    private static byte[] folded(byte[] address) {
        for (int i = 0; i < MAPPED.length; i++) {
            if (address.length != 16 || address[i] != MAPPED[i]) {
                return address;
            }
        }
        return Arrays.copyOfRange(address, MAPPED.length, address.length);
    }

    /** In the notation of the file, such as {@code 10.0.0.0/8}. */
    @Override
    public String toString() {
        return network.getHostAddress() + "/" + prefixBits;
    }

    /**
     * The network of {@code address} and a prefix, its host bits cleared; empty if out of range.
     */
    static Optional<Cidr> of(InetAddress address, int prefixBits) {
        byte[] bytes = address.getAddress();
        if (prefixBits < 0 || prefixBits > bytes.length * Byte.SIZE) {
            return Optional.empty();
        }
        for (int i = 0; i < bytes.length; i++) {
            int kept = Math.clamp(prefixBits - (long) i * Byte.SIZE, 0, Byte.SIZE);
            bytes[i] = (byte) (bytes[i] & (0xff << (Byte.SIZE - kept)));
        }
        try {
            if (address instanceof Inet6Address) {
                return Optional.of(
                        new Cidr(Inet6Address.getByAddress(null, bytes, -1), prefixBits));
            }
            return Optional.of(new Cidr(InetAddress.getByAddress(bytes), prefixBits));
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // the length came from an address
        }
    }
}
