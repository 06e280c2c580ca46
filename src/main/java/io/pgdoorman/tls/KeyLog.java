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
    byte @Nullable [] clientTraffic;
    byte @Nullable [] serverTraffic;
    byte @Nullable [] exporter;
    private byte @Nullable [] clientRandom;
    byte @Nullable [] master;

    /** Overwrites {@code line}; no other copy of what it says is made. */
    void add(byte[] line) {
        int random = wordAfter(line, 0);
        int secret = wordAfter(line, random);
        String label = new String(line, 0, Math.max(0, random - 1), StandardCharsets.US_ASCII);
        if (secret < line.length) {
            switch (label) {
                case "CLIENT_TRAFFIC_SECRET_0" -> clientTraffic = hex(line, secret, line.length);
                case "SERVER_TRAFFIC_SECRET_0" -> serverTraffic = hex(line, secret, line.length);
                case "EXPORTER_SECRET" -> exporter = hex(line, secret, line.length);
                case "CLIENT_RANDOM" -> {
                    clientRandom = hex(line, random, secret - 1);
                    master = hex(line, secret, line.length);
                }
                default -> {} // of the handshake itself
            }
        }
        Arrays.fill(line, (byte) 0);
    }

    /** Where the word behind the next space begins; the end if there is none. */
    private static int wordAfter(byte[] line, int from) {
        for (int at = from; at < line.length; at++) {
            if (line[at] == ' ') {
                return at + 1;
            }
        }
        return line.length;
    }

    private static byte[] hex(byte[] line, int from, int end) {
        byte[] bytes = new byte[(end - from) / 2];
        for (int i = 0; i < bytes.length; i++) {
            int at = from + 2 * i;
            bytes[i] =
                    (byte)
                            (HexFormat.fromHexDigit(line[at]) << 4
                                    | HexFormat.fromHexDigit(line[at + 1]));
        }
        return bytes;
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
