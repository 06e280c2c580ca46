package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;

/**
 * A listening socket that another process takes as well: 1 kind, 2 host or path, 3 port.
 *
 * <p>Threads: immutable; the descriptor is the owner's.
 *
 * @param host as configured, or the path of a Unix socket
 * @param port 0 for a Unix socket
 */
public record PassedListener(Kind kind, String host, int port, int fd) {
    /** What connects there. Codes are for ever. */
    public enum Kind {
        TCP(1),
        UNIX(2),
        /** Successors and {@code ctl}. */
        CONTROL(3),
        /** Scrapers and probes. */
        WEB(4);

        private final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    FieldWriter write() {
        return new FieldWriter().put(1, kind.code).put(2, host).put(3, port);
    }

    static PassedListener read(FieldReader in, int fd) throws FormatException {
        int code = 0;
        String host = "";
        int port = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> code = in.integer();
                case 2 -> host = in.text();
                case 3 -> port = in.integer();
                default -> {} // of a later version
            }
        }
        for (Kind kind : Kind.values()) {
            if (kind.code == code) {
                return new PassedListener(kind, host, port, fd);
            }
        }
        throw new FormatException("listener of unknown kind " + code);
    }
}
