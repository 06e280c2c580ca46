package io.pgdoorman.admin;

import io.netty.channel.EventLoop;
import io.pgdoorman.config.Config;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.tls.TlsExpiry;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the console can see and order of the process. Threads: any; calls may wait. */
public interface AdminHost {
    String version();

    /** In effect now. */
    Config config();

    List<EventLoop> loops();

    List<Pool> pools();

    /** By database. */
    Map<String, Coordinator> coordinators();

    /** Sorted by database; those without {@code auth_query} are left out. */
    default List<AuthQueryRow> authQuery() {
        return List.of();
    }

    Sessions sessions();

    /** What ends in the files of TLS; by side, {@code client} or {@code server}. */
    Map<String, Set<TlsExpiry>> tlsExpiries();

    /**
     * Reads the configuration again and waits for it to be in effect.
     *
     * @throws ConsoleException the file is not good, in the validator's words; nothing changed
     */
    void reload() throws ConsoleException, InterruptedException;

    /**
     * Gives a setting another value until the next {@link #reload}, and waits for it to be in
     * effect. The files are read again for that.
     *
     * @param name in full, such as {@code general.idle_timeout}
     * @throws ConsoleException the value is not good, in the validator's words; nothing changed
     */
    void set(String name, String value) throws ConsoleException, InterruptedException;

    /** Which filter the log has. */
    String logLevel();

    /** Lines of the log that could not be written. */
    long lostLogLines();

    /**
     * Gives the log another filter.
     *
     * @param filter {@code default} is that of the start
     * @throws ConsoleException it is none
     */
    void setLogLevel(String filter) throws ConsoleException;

    /** Begins to end: clients may end their transactions first. */
    void shutDown();

    /** Ends now. */
    void terminate();

    /** Begins to be replaced, as by SIGUSR2. */
    void upgrade();

    /**
     * As {@code pg_doorman ctl}.
     *
     * @param words {@code upgrade}, {@code upgrade --stage}, {@code status} ...
     * @return what it says
     * @throws ConsoleException it failed
     */
    String control(List<String> words) throws ConsoleException;
}
