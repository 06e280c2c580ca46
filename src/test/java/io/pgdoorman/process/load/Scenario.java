package io.pgdoorman.process.load;

import java.sql.SQLException;

/**
 * What one client does again and again. An answer that is not the one foretold ends it with a
 * {@link WrongAnswerException}; any other exception is as much of a fault. Threads: confined to the
 * client's thread.
 */
interface Scenario extends AutoCloseable {
    /** Connects, and makes what the rounds need. */
    void open() throws SQLException;

    /**
     * One round.
     *
     * @param number 0 in the first
     */
    void round(long number) throws SQLException;

    /** After the last round: checks what only the end can tell, and leaves. */
    void finish() throws SQLException;

    @Override
    void close() throws SQLException;
}
