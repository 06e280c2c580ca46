package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerMoves;
import io.pgdoorman.handover.Host;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ClientDirectory;
import io.pgdoorman.session.SessionMoves;
import io.pgdoorman.session.Sessions;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What a handover sees of this process. Threads: any; it only passes on. */
record PoolerHost(
        List<EventLoop> loops,
        Pools poolDirectory,
        Sessions sessions,
        SessionMoves sessionMoves,
        ServerMoves serverMoves,
        ParameterInterner interner,
        boolean rehearse)
        implements Host {
    @Override
    public Collection<Pool> pools() {
        return poolDirectory.all();
    }

    @Override
    public @Nullable Pool pool(String database, String user) {
        return poolDirectory.find(database, user).map(ClientDirectory.Account::pool).orElse(null);
    }

    @Override
    public Map<String, Coordinator> coordinators() {
        return poolDirectory.coordinators();
    }
}
