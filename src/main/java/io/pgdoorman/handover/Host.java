package io.pgdoorman.handover;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerMoves;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.SessionMoves;
import io.pgdoorman.session.Sessions;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The process a handover runs in; implemented by the runtime. Every call may come on a thread of
 * the handover.
 */
public interface Host {
    List<EventLoop> loops();

    Sessions sessions();

    SessionMoves sessionMoves();

    ServerMoves serverMoves();

    Collection<Pool> pools();

    /** The pool of the current configuration; null if it has none. */
    @Nullable Pool pool(String database, String user);

    /** The limits over all users, by database. */
    Map<String, Coordinator> coordinators();

    ParameterInterner interner();

    /** See {@link io.pgdoorman.backend.ServerHandler}. */
    boolean rehearse();
}
