package io.pgdoorman.tls;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What BoringSSL tells of the secrets of one handshake, line by line, in NSS's key log format:
 * {@code LABEL <client random> <secret>}, hexadecimal. Never written anywhere.
 *
 * <p>Threads: confined to the thread of the handshake.
 */
final class KeyLog {
    private byte @Nullable [] clientTraffic;
    private byte @Nullable [] serverTraffic;
    private byte @Nullable [] exporter;
    private byte @Nullable [] clientRandom;
    private byte @Nullable [] master;

    /** Overwrites {@code line}. */
    void add(byte[] line) {
        String[] words = new String(line, StandardCharsets.US_ASCII).split(" ", -1);
        Arrays.fill(line, (byte) 0);
        if (words.length != 3) {
            return;
        }
        switch (words[0]) {
            case "CLIENT_TRAFFIC_SECRET_0" -> clientTraffic = HexFormat.of().parseHex(words[2]);
            case "SERVER_TRAFFIC_SECRET_0" -> serverTraffic = HexFormat.of().parseHex(words[2]);
            case "EXPORTER_SECRET" -> exporter = HexFormat.of().parseHex(words[2]);
            case "CLIENT_RANDOM" -> {
                clientRandom = HexFormat.of().parseHex(words[1]);
                master = HexFormat.of().parseHex(words[2]);
            }
            default -> {} // of the handshake itself
        }
    }

    /** Of TLS 1.3; {@code client}: of what the client sends. */
    byte[] traffic(boolean client) throws TlsException {
        return required(client ? clientTraffic : serverTraffic);
    }

    byte[] exporter() throws TlsException {
        return required(exporter);
    }

    byte[] clientRandom() throws TlsException {
        return required(clientRandom);
    }

    byte[] master() throws TlsException {
        return required(master);
    }

    private static byte[] required(byte @Nullable [] secret) throws TlsException {
        if (secret == null) {
            throw new TlsException("the TLS library did not tell a secret");
        }
        return secret;
    }

    void destroy() {
        for (byte[] secret : new byte[][] {clientTraffic, serverTraffic, exporter, master}) {
            if (secret != null) {
                Arrays.fill(secret, (byte) 0);
            }
        }
    }
}
