package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.AuthQueryRow;
import io.pgdoorman.admin.Console;
import io.pgdoorman.admin.ConsoleException;
import io.pgdoorman.admin.ConsoleHandler;
import io.pgdoorman.config.Config;
import io.pgdoorman.handover.ControlSocket;
import io.pgdoorman.log.LogFilterException;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ConsoleClient;
import io.pgdoorman.session.Consoles;
import io.pgdoorman.session.FrozenConsole;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.tls.TlsExpiry;
import io.pgdoorman.wire.SqlState;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the admin console sees and orders of this process. Threads: any. */
final class PoolerAdmin implements AdminHost, Consoles {
    private static final Duration RELOAD_LIMIT = Duration.ofMinutes(1);

    /** The orders that concern the whole process; each returns at once. */
    interface Orders {
        CompletableFuture<Reload.Result> reload();

        /** Reloads with another value of a setting. */
        CompletableFuture<Reload.Result> set(String name, String value);

        void shutDown();

        void terminate();

        void upgrade();

        ControlSocket.Answer control(List<String> words);
    }

    private final String version;
    private final Supplier<Config> config;
    private final List<EventLoop> loops;
    private final Pools pools;
    private final Supplier<Sessions> sessions;
    private final Supplier<Map<String, Set<TlsExpiry>>> tlsExpiries;
    private final LogLevels logLevels;
    private final Orders orders;
    private final Console console = new Console(this);

    /** Commands wait, for a PAUSE perhaps long. */
    private final Executor commands = task -> Thread.ofVirtual().name("pooler-console").start(task);

    PoolerAdmin(
            String version,
            Supplier<Config> config,
            List<EventLoop> loops,
            Pools pools,
            Supplier<Sessions> sessions,
            Supplier<Map<String, Set<TlsExpiry>>> tlsExpiries,
            LogLevels logLevels,
            Orders orders) {
        this.version = version;
        this.config = config;
        this.loops = loops;
        this.pools = pools;
        this.sessions = sessions;
        this.tlsExpiries = tlsExpiries;
        this.logLevels = logLevels;
        this.orders = orders;
    }

    /**
     * A command of {@code pg_doorman ctl}: one of the console, whose first word may be written with
     * hyphens.
     */
    ControlSocket.Answer command(List<String> words) {
        String verb = words.isEmpty() ? "" : words.getFirst().replace('-', '_');
        String text =
                Stream.concat(Stream.of(verb), words.stream().skip(1))
                        .collect(Collectors.joining(" "));
        try {
            Console.Answer answer = console.run(text);
            return new ControlSocket.Answer(answer.ok(), answer.text(), answer.json());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ControlSocket.Answer(false, "interrupted", "{}");
        }
    }

    @Override
    public ConsoleClient open(FrozenConsole state) {
        return new ConsoleHandler(console, state, commands);
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public Config config() {
        return config.get();
    }

    @Override
    public List<EventLoop> loops() {
        return loops;
    }

    @Override
    public List<Pool> pools() {
        return pools.all();
    }

    @Override
    public Map<String, Coordinator> coordinators() {
        return pools.coordinators();
    }

    @Override
    public List<AuthQueryRow> authQuery() {
        return pools.authQuery();
    }

    @Override
    public Sessions sessions() {
        return sessions.get();
    }

    @Override
    public Map<String, Set<TlsExpiry>> tlsExpiries() {
        return tlsExpiries.get();
    }

    @Override
    public void reload() throws ConsoleException, InterruptedException {
        await(orders.reload());
    }

    @Override
    public void set(String name, String value) throws ConsoleException, InterruptedException {
        await(orders.set(name, value));
    }

    private static void await(CompletableFuture<Reload.Result> reload)
            throws ConsoleException, InterruptedException {
        try {
            Reload.Result result = reload.get(RELOAD_LIMIT.toSeconds(), TimeUnit.SECONDS);
            if (!result.accepted()) {
                throw new ConsoleException(
                        SqlState.CONFIG_FILE_ERROR,
                        "configuration rejected: " + String.join("; ", result.problems()),
                        "Nothing has changed. pg_doorman -t checks a file.");
            }
        } catch (TimeoutException e) {
            throw new ConsoleException(
                    SqlState.SYSTEM_ERROR,
                    "the configuration was not read within " + RELOAD_LIMIT.toSeconds() + " s",
                    "The log says what became of it.");
        } catch (ExecutionException e) {
            throw new ConsoleException(
                    SqlState.SYSTEM_ERROR, "reload failed: " + e.getCause(), "The log says more.");
        }
    }

    @Override
    public String logLevel() {
        return logLevels.current();
    }

    @Override
    public long lostLogLines() {
        return logLevels.lostLines();
    }

    @Override
    public void setLogLevel(String filter) throws ConsoleException {
        try {
            logLevels.set(filter);
        } catch (LogFilterException e) {
            throw new ConsoleException(
                    SqlState.INVALID_PARAMETER_VALUE, String.valueOf(e.getMessage()), "");
        }
    }

    @Override
    public void shutDown() {
        orders.shutDown();
    }

    @Override
    public void terminate() {
        orders.terminate();
    }

    @Override
    public void upgrade() {
        orders.upgrade();
    }

    @Override
    public String control(List<String> words) throws ConsoleException {
        ControlSocket.Answer answer = orders.control(words);
        if (!answer.ok()) {
            throw new ConsoleException(SqlState.SYSTEM_ERROR, answer.text(), "");
        }
        return answer.text();
    }
}
