package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerMoves;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.handover.HandoverException;
import io.pgdoorman.handover.Host;
import io.pgdoorman.handover.PassedListener;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.SessionMoves;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.stats.Histogram;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** What a handover sees of this process. Threads: any; it only passes on. */
record PoolerHost(
        String version,
        List<EventLoop> loops,
        Pools poolDirectory,
        Sessions sessions,
        SessionMoves sessionMoves,
        ServerMoves serverMoves,
        ParameterInterner interner,
        AuthenticationContext authentication,
        AtomicLong lastServerId,
        AtomicLong handoverFailures,
        Histogram clientPauses,
        LogLevels logLevels,
        ConsoleSettings settings,
        boolean rehearse,
        Listeners clientListeners,
        WebEndpoint web,
        Supplier<GeneralConfig> config)
        implements Host {
    private static final Logger LOG = LoggerFactory.getLogger(PoolerHost.class);

    @Override
    public Collection<Pool> pools() {
        return poolDirectory.all();
    }

    @Override
    public @Nullable Pool pool(String database, String user) {
        return poolDirectory.pool(database, user);
    }

    @Override
    public Map<String, Coordinator> coordinators() {
        return poolDirectory.coordinators();
    }

    @Override
    public Map<String, UserLookup> lookups() {
        return poolDirectory.lookups();
    }

    @Override
    public Map<String, String> consoleSettings() {
        return settings.inEffect();
    }

    @Override
    public void adoptConsoleSettings(Map<String, String> adopted) {
        settings.adopt(adopted);
    }

    @Override
    public List<PassedListener> listeners() {
        List<PassedListener> all = new ArrayList<>(clientListeners.passed());
        web.passed().ifPresent(all::add);
        return all;
    }

    @Override
    public void pauseListeners() {
        clientListeners.pause();
    }

    @Override
    public void acceptClients() {
        clientListeners.resume();
    }

    @Override
    public Set<Integer> adoptListeners(List<PassedListener> passed) throws HandoverException {
        GeneralConfig general = config.get();
        // The last one, if it is there: places are counted in the list of the other process.
        boolean withWeb = !passed.isEmpty() && passed.getLast().kind() == PassedListener.Kind.WEB;
        int clients = withWeb ? passed.size() - 1 : passed.size();
        try {
            Set<Integer> taken =
                    clientListeners.adopt(
                            general.listen(),
                            Settings.sockets(general),
                            passed.subList(0, clients));
            if (withWeb && web.adopt(passed.getLast())) {
                taken.add(clients);
            }
            return taken;
        } catch (StartException e) {
            throw new HandoverException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void settleListeners() {
        GeneralConfig general = config.get();
        clientListeners.own();
        try {
            clientListeners
                    .apply(general.listen(), Settings.sockets(general))
                    .forEach(change -> LOG.info("{}", change));
        } catch (StartException e) {
            LOG.error("{}; the address of before stays", e.getMessage());
        }
    }

    @Override
    public void releaseListeners(Set<Integer> taken) {
        clientListeners.release(taken);
        web.close();
    }
}
