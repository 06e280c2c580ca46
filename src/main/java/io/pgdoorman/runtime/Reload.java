package io.pgdoorman.runtime;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.config.Problem;
import io.pgdoorman.config.ReloadClass;
import io.pgdoorman.config.Setting;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.session.Sessions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Applies the difference between the configuration in effect and one just read, part by part. A
 * file with an error changes nothing.
 *
 * <p>Threads: the control thread.
 */
final class Reload {
    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    /**
     * What came of a reload.
     *
     * @param problems why it was rejected, or warnings
     * @param accepted false if nothing was changed because of an error
     * @param changes one line each; empty if the configuration is the same
     * @param restart settings that changed and count at the next start or upgrade
     */
    record Result(
            boolean accepted, List<String> problems, List<String> changes, List<String> restart) {}

    private final Pools pools;
    private final PoolFactory factory;
    private final Secrets secrets;
    private final Sessions sessions;
    private final Listeners listeners;
    private final Consumer<Config> onAccepted;

    /** In effect now. Written by the control thread, read by any. */
    private volatile TlsSetup tls;

    /** In effect now. */
    private Authorities authorities;

    /**
     * @param onAccepted gets each configuration that is in effect from now on
     */
    Reload(
            Pools pools,
            PoolFactory factory,
            Secrets secrets,
            Sessions sessions,
            Listeners listeners,
            TlsSetup tls,
            Authorities authorities,
            Consumer<Config> onAccepted) {
        this.pools = pools;
        this.factory = factory;
        this.secrets = secrets;
        this.sessions = sessions;
        this.listeners = listeners;
        this.tls = tls;
        this.authorities = authorities;
        this.onAccepted = onAccepted;
    }

    /** What is in effect. Any thread. */
    TlsSetup tls() {
        return tls;
    }

    /**
     * Compares, applies, and logs what happened.
     *
     * @param present the configuration in effect
     */
    Result run(Config present, LoadResult loaded) {
        List<String> problems = loaded.problems().stream().map(Problem::text).toList();
        for (Problem problem : loaded.problems()) {
            switch (problem.severity()) {
                case ERROR -> LOG.error("Config reload rejected: {}", problem.text());
                case WARNING, NOT_IN_EFFECT -> LOG.warn("{}", problem.text());
            }
        }
        if (loaded.config().isEmpty()) {
            return new Result(false, problems, List.of(), List.of());
        }
        Config next = loaded.config().get();
        try {
            TlsSetup nextTls = TlsSetup.of(next);
            nextTls.warnings().forEach(warning -> LOG.warn("{}", warning));
            ServerPasswords.warnings(next).forEach(warning -> LOG.warn("{}", warning));
            secrets.forget();
            pools.lookups().values().forEach(UserLookup::expire);
            Authorities nextAuthorities = authorities.of(next);
            if (next.equals(present)
                    && nextTls.doesAs(tls)
                    && nextAuthorities.equals(authorities)) {
                LOG.info("Config unchanged");
                next.general().hba().continueFrom(present.general().hba());
                onAccepted.accept(next); // its lines may be others
                return new Result(true, problems, List.of(), List.of());
            }
            List<String> changes =
                    apply(present, next, nextTls.keeping(tls).prepare(), nextAuthorities);
            List<String> restart = needingRestart(present, next);
            changes.forEach(change -> LOG.info("Config changed: {}", change));
            restart.forEach(
                    change ->
                            LOG.warn(
                                    "Config changed, in effect at the next upgrade (SIGUSR2) or start: {}",
                                    change));
            LOG.info("Config reloaded");
            return new Result(true, problems, changes, restart);
        } catch (StartException e) {
            LOG.error("Config reload rejected: {}", e.getMessage());
            return new Result(false, List.of(String.valueOf(e.getMessage())), List.of(), List.of());
        }
    }

    /** Listeners first: they alone can fail, and then nothing else has changed. */
    private List<String> apply(
            Config present, Config next, TlsSetup nextTls, Authorities nextAuthorities) {
        var sockets = Settings.sockets(next.general());
        List<String> changes = new ArrayList<>(listeners.apply(next.general().listen(), sockets));
        boolean newSockets = !sockets.equals(Settings.sockets(present.general()));
        boolean newServerTls = !nextTls.servers().equals(tls.servers());
        factory.update(sockets, nextTls, nextAuthorities);
        next.general().hba().continueFrom(present.general().hba());
        Pools.Outcome outcome = pools.apply(next, newSockets || newServerTls);
        changes.addAll(outcome.changes());
        if (!present.general().hba().equals(next.general().hba())) {
            changes.add("pg_hba: new rules, for new connections");
        }
        sessions.update(Settings.sessions(next.general()));
        if (!nextTls.clients().equals(tls.clients())) {
            sessions.update(nextTls.clients());
            changes.add("TLS towards clients: for new connections");
        }
        if (newServerTls) {
            changes.add("TLS towards PostgreSQL: for new servers");
        }
        tls = nextTls;
        if (!nextAuthorities.equals(authorities)) {
            changes.add("authorities that logins ask: for new connections");
        }
        authorities = nextAuthorities;
        for (Pool pool : outcome.removed()) {
            pool.close();
            sessions.dismiss(pool);
        }
        changes.addAll(live(present, next));
        onAccepted.accept(next);
        return changes;
    }

    /** Changed settings of the section general that are in effect now. */
    private static List<String> live(Config present, Config next) {
        return differing(present, next).stream()
                .filter(change -> change.name.startsWith("general."))
                .filter(change -> change.reload != ReloadClass.RESTART)
                .map(Change::text)
                .toList();
    }

    private static List<String> needingRestart(Config present, Config next) {
        return differing(present, next).stream()
                .filter(change -> change.reload == ReloadClass.RESTART)
                .map(Change::text)
                .toList();
    }

    private record Change(String name, String before, String after, ReloadClass reload) {
        String text() {
            return "%s: %s -> %s".formatted(name, shown(before), shown(after));
        }

        private static String shown(String value) {
            return value.isEmpty() ? "(unset)" : value;
        }
    }

    private static List<Change> differing(Config present, Config next) {
        Map<String, String> before = new HashMap<>();
        present.settings().forEach(setting -> before.put(setting.name(), setting.value()));
        List<Change> changes = new ArrayList<>();
        for (Setting setting : next.settings()) {
            String old = before.get(setting.name());
            if (old != null && !old.equals(setting.value())) {
                changes.add(new Change(setting.name(), old, setting.value(), setting.reload()));
            }
        }
        return changes;
    }
}
