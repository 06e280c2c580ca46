package io.pgdoorman.session;

import io.pgdoorman.wire.FormatCode;

import java.util.List;

/**
 * An admin console between two events, as data. A command under way is not answered yet: it is part
 * of the input and is carried out where the console goes on.
 *
 * <p>Threads: immutable by use; the array is not shared.
 *
 * @param id of the connection
 * @param mayChange may use more than SHOW
 * @param inTransaction between a BEGIN and a COMMIT, which some drivers send
 * @param skipping after an error of the extended protocol, until Sync
 * @param input what the client has sent and what is not answered
 */
public record FrozenConsole(
        int id,
        String user,
        String database,
        boolean mayChange,
        boolean inTransaction,
        boolean skipping,
        List<Statement> statements,
        List<Portal> portals,
        byte[] input) {
    /** A prepared statement. */
    public record Statement(String name, String text) {}

    /**
     * A portal.
     *
     * @param text of its statement
     * @param sent how many of its rows have been sent
     * @param tag of its command, if that was carried out and has no more rows; otherwise empty
     */
    public record Portal(
            String name, String text, List<FormatCode> formats, int sent, String tag) {}

    /** The prefix of its log lines. */
    public String name() {
        return "[" + user + "@" + database + " #c" + id + "]";
    }
}
