package io.pgdoorman.backend;

import java.util.StringJoiner;

/**
 * What a client's session may have left on a server, as a set of bits, and the statements that
 * remove it. A server whose set is empty goes to its next client without a round trip.
 *
 * <p>Two observers feed the set: {@link #ofTag} looks at the command tags of PostgreSQL's replies,
 * {@link StatementScanner} at the words of the statements. A function or trigger of the user that
 * changes session state without a tell-tale word in the statement itself is not seen; {@code DO}
 * and {@code CALL} are taken to do anything.
 *
 * <p>Threads: immutable; the set is a plain {@code int} owned by the server's loop.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-discard.html">DISCARD</a>
 */
public final class SessionTraces {
    public static final int NONE = 0;

    /** SET, set_config: also role and session authorization. */
    public static final int SETTINGS = 1;

    public static final int LISTEN = 1 << 1;
    public static final int PREPARED = 1 << 2;
    public static final int CURSORS = 1 << 3;
    public static final int ADVISORY_LOCKS = 1 << 4;
    public static final int TEMPORARY = 1 << 5;

    /** Anything may have happened. */
    public static final int ALL = 1 << 6;

    /** The word {@code hold} was seen: a cursor declared now may outlive its transaction. */
    static final int HOLD_WORD = 1 << 7;

    private SessionTraces() {}

    /**
     * The set after a command with this tag.
     *
     * @param before the set so far
     * @param tag the command tag, as in CommandComplete
     */
    static int ofTag(int before, String tag) {
        return switch (tag) {
            case "SET" -> before | SETTINGS;
            case "LISTEN" -> before | LISTEN;
            case "PREPARE" -> before | PREPARED;
            case "DECLARE CURSOR" -> (before & HOLD_WORD) == 0 ? before : before | CURSORS;
            case "DO", "CALL", "LOAD" -> before | ALL;
            // DISCARD ALL clears nothing here: words of later statements of a pipeline were seen
            // already.
            default -> before;
        };
    }

    /** State that binds a client to a server, in words; empty if there is none. */
    static String bonds(int traces) {
        var words = new StringJoiner(", ");
        if ((traces & LISTEN) != 0) {
            words.add("LISTEN");
        }
        if ((traces & PREPARED) != 0) {
            words.add("PREPARE");
        }
        if ((traces & CURSORS) != 0) {
            words.add("a cursor WITH HOLD");
        }
        if ((traces & ADVISORY_LOCKS) != 0) {
            words.add("advisory locks");
        }
        if ((traces & TEMPORARY) != 0) {
            words.add("temporary objects");
        }
        return words.toString();
    }

    /** Settings, or temporary tables that hide others: a Parse may mean something else now. */
    static boolean changesStatements(int traces) {
        return (traces & (SETTINGS | TEMPORARY | ALL)) != 0;
    }

    /** Whether {@link #cleanup} takes prepared statements away. */
    static boolean removesStatements(int traces) {
        return (traces & (PREPARED | ALL)) != 0;
    }

    static boolean needsCleanup(int traces) {
        return (traces & ~HOLD_WORD) != 0;
    }

    /** One simple query that removes all of {@code traces}. */
    static String cleanup(int traces) {
        if ((traces & ALL) != 0) {
            return "DISCARD ALL";
        }
        var sql = new StringJoiner(";");
        if ((traces & CURSORS) != 0) {
            sql.add("CLOSE ALL");
        }
        if ((traces & SETTINGS) != 0) {
            sql.add("SET SESSION AUTHORIZATION DEFAULT").add("RESET ALL");
        }
        if ((traces & PREPARED) != 0) {
            sql.add("DEALLOCATE ALL");
        }
        if ((traces & LISTEN) != 0) {
            sql.add("UNLISTEN *");
        }
        if ((traces & ADVISORY_LOCKS) != 0) {
            sql.add("SELECT pg_advisory_unlock_all()");
        }
        if ((traces & TEMPORARY) != 0) {
            sql.add("DISCARD TEMP");
        }
        return sql.toString();
    }
}
