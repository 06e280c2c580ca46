package io.pgdoorman.handover.format;

import io.pgdoorman.tls.FrozenTls;

/**
 * A {@link FrozenTls} as fields; see {@link ServerFormat} for the rules.
 *
 * <pre>
 *   1 suite   2 read secret   3 read sequence   4 write secret   5 write sequence
 *   6 unfinished message   7 server name   8 peer name
 * </pre>
 *
 * Threads: no state.
 */
final class TlsFormat {
    private static final int SUITE = 1;
    private static final int READ_SECRET = 2;
    private static final int READ_SEQUENCE = 3;
    private static final int WRITE_SECRET = 4;
    private static final int WRITE_SEQUENCE = 5;
    private static final int UNFINISHED = 6;
    private static final int SERVER_NAME = 7;
    private static final int PEER_NAME = 8;

    private TlsFormat() {}

    static FieldWriter write(FrozenTls tls) {
        return new FieldWriter()
                .put(SUITE, tls.suite())
                .put(READ_SECRET, tls.readSecret())
                .put(READ_SEQUENCE, tls.readSequence())
                .put(WRITE_SECRET, tls.writeSecret())
                .put(WRITE_SEQUENCE, tls.writeSequence())
                .put(UNFINISHED, tls.unfinished())
                .put(SERVER_NAME, tls.serverName())
                .put(PEER_NAME, tls.peerName());
    }

    static FrozenTls read(FieldReader in) throws FormatException {
        int suite = 0;
        byte[] readSecret = {};
        long readSequence = 0;
        byte[] writeSecret = {};
        long writeSequence = 0;
        byte[] unfinished = {};
        String serverName = "";
        String peerName = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case SUITE -> suite = in.integer();
                case READ_SECRET -> readSecret = in.bytes();
                case READ_SEQUENCE -> readSequence = in.number();
                case WRITE_SECRET -> writeSecret = in.bytes();
                case WRITE_SEQUENCE -> writeSequence = in.number();
                case UNFINISHED -> unfinished = in.bytes();
                case SERVER_NAME -> serverName = in.text();
                case PEER_NAME -> peerName = in.text();
                default -> {} // of a later version
            }
        }
        return new FrozenTls(
                suite,
                readSecret,
                readSequence,
                writeSecret,
                writeSequence,
                unfinished,
                serverName,
                peerName);
    }
}
