package io.pgdoorman.handover;

import io.netty.channel.EventLoop;
import io.pgdoorman.net.Transport;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.Sessions;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What a handover needs from the process it runs in; implemented by the runtime. Every call comes
 * on a thread of the handover and may block.
 */
public interface Host {
    /** Of the program, for the other side's log. */
    String version();

    Transport transport();

    List<EventLoop> loops();

    Sessions sessions();

    Collection<Pool> pools();

    /** The pool of the current configuration; null if it has none. */
    @Nullable Pool pool(String database, String user);

    /** The limits over all users, by database. */
    Map<String, Coordinator> coordinators();

    // ---- listening --------------------------------------------------------------------------

    /**
     * The listening sockets.
     *
     * @return descriptors by address, such as {@code tcp:127.0.0.1:6432}; they stay the host's
     */
    Map<String, Integer> listeners();

    /**
     * Goes on listening on these sockets, opens those of its configuration that are not among them,
     * and closes those its configuration does not have. Accepts nothing yet.
     *
     * @param inherited descriptors by address; the host's from now on
     * @throws HandoverException if an address cannot be bound; everything is closed then
     */
    void listen(Map<String, Integer> inherited) throws HandoverException;

    /** Accepts clients, or lets them wait in the backlog. */
    void accept(boolean accepting);

    // ---- the end ----------------------------------------------------------------------------

    /** The successor has everything; this process ends. */
    void onHandedOver(long successorPid);

    /** This process is the only one now, or the one that goes on. */
    void onTakenOver();
}
