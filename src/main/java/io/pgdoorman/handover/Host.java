package io.pgdoorman.handover;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerMoves;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.SessionMoves;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.stats.Histogram;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The process a handover runs in; implemented by the runtime. Every call may come on a thread of
 * the handover.
 */
public interface Host {
    /** Of the program. */
    String version();

    List<EventLoop> loops();

    Sessions sessions();

    SessionMoves sessionMoves();

    ServerMoves serverMoves();

    Collection<Pool> pools();

    /** The pool of the current configuration; null if it has none. */
    @Nullable Pool pool(String database, String user);

    /** The limits over all users, by database. */
    Map<String, Coordinator> coordinators();

    /** The look-ups of users, by database. */
    Map<String, UserLookup> lookups();

    ParameterInterner interner();

    AuthenticationContext authentication();

    /** The number of the server made last. */
    AtomicLong lastServerId();

    /** Handovers to a successor that came to nothing, of all processes so far. */
    AtomicLong handoverFailures();

    /** How long clients stood still in handovers, of all processes so far. */
    Histogram clientPauses();

    /** What is logged. */
    LogLevels logLevels();

    /** Settings given on the console, which count instead of those of the files. */
    Map<String, String> consoleSettings();

    /** Those of the predecessor, to be in effect when this process alone serves. */
    void adoptConsoleSettings(Map<String, String> settings);

    /** See {@link io.pgdoorman.backend.ServerHandler}. */
    boolean rehearse();

    // ---- listening sockets ----------------------------------------------------------------------

    /** Those that clients and scrapers connect to. The descriptors stay this process's. */
    List<PassedListener> listeners();

    /** Nothing is accepted until {@link #acceptClients}. */
    void pauseListeners();

    void acceptClients();

    /**
     * Listens, paused, where the configuration says: on the sockets given where they fit, else on
     * new ones.
     *
     * @param passed those that are not taken are closed
     * @return places in {@code passed} of those that were taken
     * @throws HandoverException an address cannot be listened on; nothing is open then
     */
    Set<Integer> adoptListeners(List<PassedListener> passed) throws HandoverException;

    /** The other process is gone: listens on exactly what the configuration says. */
    void settleListeners();

    /**
     * Closes this process's listening sockets.
     *
     * @param taken places in {@link #listeners} of those another process goes on with
     */
    void releaseListeners(Set<Integer> taken);
}
