package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.backend.ServerMoves;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.Problem;
import io.pgdoorman.handover.ControlSocket;
import io.pgdoorman.handover.Host;
import io.pgdoorman.handover.Transplants;
import io.pgdoorman.metrics.HandoverState;
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.net.SystemdNotifier;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.session.ClientServices;
import io.pgdoorman.session.Derivations;
import io.pgdoorman.session.Session;
import io.pgdoorman.session.SessionMoves;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.stats.Histogram;
import io.pgdoorman.tls.TlsExpiry;
import io.pgdoorman.wire.Bytes;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * The running pooler: built from a configuration, it listens, serves, keeps house and stops.
 *
 * <p>Threads: {@code pooler-control} runs signals, housekeeping and the shutdown, one after the
 * other; {@code pooler-loop-N} everything else.
 */
public final class Pooler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pooler.class);

    /** Startup waits no longer than this for servers to be opened in advance. */
    private static final Duration PREWARM = Duration.ofSeconds(3);

    private static final Duration LOOPS_END = Duration.ofSeconds(1);
    private static final Duration SHUTDOWN_STEP = Duration.ofMillis(100);
    private static final int SCRAM_KEYS = 1_000;
    private static final int WORKERS = 2;
    private static final int OWNER_ONLY = 0600;
    private static final int SOMAXCONN = 128;

    /** Some seconds of work; logins beyond are refused, so that those in the queue still end. */
    private static final int MAX_QUEUED_DERIVATIONS = 1_000;

    private final RunOptions options;

    /** In effect now. Written by the control thread. */
    private volatile Config config;

    private final ScheduledExecutorService control;
    private final ExecutorService workers;
    private final UsualSecrets usualSecrets = new UsualSecrets();
    private final ExecutorService resolvers;
    private final EventLoopGroup group;
    private final List<EventLoop> loops;
    private final Transport transport;
    private final Pools pools;
    private final Sessions sessions;
    private final ClientServices services;
    private final PoolerAdmin admin;
    private final SystemdNotifier systemd;
    private final Listeners listeners;
    private final PoolerHost host;
    private final Diagnostics diagnostics;
    private final Reload reload;
    private final Optional<ReloadRequests> reloads;
    private final Upgrade upgrade;
    private final WebEndpoint web;
    private final boolean encrypts;
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** Who waits for the reload that is next, and for the one under way; control thread. */
    private List<CompletableFuture<Reload.Result>> nextReload = new ArrayList<>();

    private List<CompletableFuture<Reload.Result>> presentReload = new ArrayList<>();

    private final ConsoleSettings consoleSettings = new ConsoleSettings();

    /** Written by the control thread, read by the one that reads the files. */
    private volatile Map<String, String> consoleSettingsToTry = Map.of();

    /** Of the warm-up's listener. Confined to its loop. */
    private final LoopChoice clientLoops;

    /** Set by a signal, read by the control thread. */
    private volatile boolean stopping;

    /**
     * Serves until a signal ends it.
     *
     * @param file where a reload reads the configuration again
     * @param loaded what was read from it
     * @return the process's exit code
     */
    public static int run(Path file, LoadResult loaded, RunOptions options) {
        for (Problem problem : loaded.problems()) {
            LOG.atLevel(problem.severity() == Problem.Severity.ERROR ? Level.ERROR : Level.WARN)
                    .log("{}", problem.text());
        }
        try {
            return loaded.config()
                    .map(config -> new Pooler(Optional.of(file), config, options).run())
                    .orElse(StartException.CONFIG);
        } catch (StartException e) { // before anything runs
            LOG.error("{}", e.getMessage());
            return e.exitCode();
        }
    }

    /**
     * Builds everything and opens nothing.
     *
     * @param file where a reload reads the configuration again; empty if there is none
     */
    public Pooler(Optional<Path> file, Config config, RunOptions options) {
        this.config = config;
        this.options = options;
        GeneralConfig general = config.general();
        this.control =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform()
                                .daemon()
                                .name(options.threads() + "-control")
                                .factory());
        this.workers =
                new ThreadPoolExecutor(
                        WORKERS,
                        WORKERS,
                        0,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(MAX_QUEUED_DERIVATIONS),
                        Thread.ofPlatform()
                                .daemon()
                                .name(options.threads() + "-worker-", 1)
                                .factory());
        this.resolvers =
                Executors.newFixedThreadPool(
                        WORKERS,
                        Thread.ofPlatform()
                                .daemon()
                                .name(options.threads() + "-dns-", 1)
                                .factory());
        this.transport =
                Transport.select(
                        TransportChoice.valueOf(general.process().transport().name()),
                        text -> LOG.warn("{}", text));
        this.group =
                transport.newLoops(general.process().workerThreads(), options.threads() + "-loop");
        this.loops = new ArrayList<>();
        group.forEach(executor -> loops.add((EventLoop) executor));
        var random = new SecureRandom();
        byte[] processSecret = new byte[AuthenticationContext.PROCESS_SECRET_BYTES];
        random.nextBytes(processSecret);
        var authentication =
                new AuthenticationContext(
                        random,
                        new ScramKeyCache(SCRAM_KEYS),
                        Bytes.copyOf(processSecret),
                        usualSecrets);
        usualSecrets.configured(secretsOf(config));
        boolean rehearse = options.rehearsal() == Rehearsal.EVERY_EVENT;
        var lastServerId = new AtomicLong();
        var secrets = new Secrets();
        var shared =
                new ServerConnector.Shared(
                        transport,
                        workers,
                        resolvers,
                        authentication,
                        secrets,
                        lastServerId,
                        rehearse);
        this.clientLoops = new LoopChoice(loops);
        var interner = new ParameterInterner();
        TlsSetup tls = TlsSetup.of(config).prepare();
        Authorities.check(config);
        this.encrypts = tls.isExpected();
        Authorities authorities = Authorities.of(config, workers);
        var factory =
                new PoolFactory(
                        shared, interner, Settings.sockets(general), tls, authorities, loops);
        this.pools = Pools.of(config, factory, System::nanoTime);
        this.admin =
                new PoolerAdmin(
                        options.version(),
                        () -> this.config,
                        loops,
                        pools,
                        this::sessions,
                        this::tlsExpiries,
                        options.logLevels(),
                        new AdminOrders());
        this.services =
                new ClientServices(
                        authentication,
                        new Derivations(workers, WORKERS),
                        rehearse,
                        admin,
                        clientLoops);
        this.sessions = new Sessions(pools, services, Settings.sessions(general));
        sessions.update(tls.clients());
        tls.warnings().forEach(warning -> LOG.warn("{}", warning));
        ServerPasswords.warnings(config).forEach(warning -> LOG.warn("{}", warning));
        this.listeners = new Listeners(transport, loops, clientLoops, sessions::accept);
        this.web =
                new WebEndpoint(
                        transport,
                        admin,
                        loops,
                        options.threads() + "-web",
                        this::handoverState,
                        this::tlsExpiries);
        this.host =
                new PoolerHost(
                        options.version(),
                        loops,
                        pools,
                        sessions,
                        new SessionMoves(sessions, services, transport),
                        new ServerMoves(transport),
                        interner,
                        authentication,
                        lastServerId,
                        new AtomicLong(),
                        new Histogram(),
                        options.logLevels(),
                        consoleSettings,
                        rehearse,
                        listeners,
                        web,
                        () -> this.config.general());
        this.systemd = new SystemdNotifier(options.notifySocket());
        this.reload =
                new Reload(
                        pools,
                        factory,
                        secrets,
                        sessions,
                        listeners,
                        tls,
                        authorities,
                        this::onConfig);
        this.reloads =
                file.map(
                        path ->
                                new ReloadRequests(
                                        control,
                                        Thread.ofPlatform().daemon().name("pooler-reload")::start,
                                        () -> ConfigLoader.load(path, consoleSettingsToTry),
                                        () -> onReloadBegin(path),
                                        this::onReload,
                                        this::onReloadEnd));
        this.upgrade =
                new Upgrade(
                        host,
                        systemd,
                        options.upgrades(),
                        options.pidFile(),
                        admin::command,
                        this::onUpgrade);
        this.diagnostics = new Diagnostics(pools, sessions, loops, upgrade::describe);
    }

    /**
     * Listens, opens servers in advance, tells systemd, and serves until a signal ends it.
     *
     * @return the process's exit code
     */
    public int run() {
        try (var _ =
                new SignalBindings(control)
                        .atOnce("TERM", this::onTerminate)
                        .on("INT", this::onInterrupt)
                        .on("HUP", this::onHangUp)
                        .on("USR1", diagnostics::log)
                        .on("USR2", this::onUpgradeSignal)) {
            control.execute(this::startOrEnd);
            return exitCode.join();
        } finally {
            close();
        }
    }

    /** On the control thread, so that signals which come meanwhile find what they act on. */
    private void startOrEnd() {
        try {
            if (!exitCode.isDone()) {
                start();
            }
        } catch (StartException e) {
            if (!exitCode.isDone()) { // else it is just being ended
                LOG.error("{}", e.getMessage()); // before the log is closed
            }
            exitCode.complete(e.exitCode());
        } catch (RuntimeException e) {
            if (!exitCode.isDone()) {
                LOG.error("the start failed", e);
            }
            exitCode.complete(StartException.FAILURE);
        }
    }

    /** Listens and opens servers in advance, or takes both over. */
    private void start() {
        if (upgrade.isSuccessor() || options.rehearsal() == Rehearsal.WARM_UP) {
            WarmUp.run(options.version(), options.logLevels(), encrypts);
        }
        options.onLoaded().run();
        if (upgrade.isSuccessor()) {
            upgrade.takeOver(); // goes on in onUpgrade
        } else {
            upgrade.acquirePidFile();
            GeneralConfig general = config.general();
            listeners.open(general.listen(), Settings.sockets(general));
            web.open();
            prewarm();
            onAccepting();
            upgrade.listen();
            onServing();
        }
    }

    /** For the warm-up: clients come by this Unix socket. */
    void acceptOn(Path path) {
        transport
                .listenUnix(
                        loops.getFirst(),
                        path,
                        OWNER_ONLY,
                        SOMAXCONN,
                        Settings.sockets(config.general()),
                        clientLoops,
                        sessions::accept,
                        false)
                .join();
    }

    Host host() {
        return host;
    }

    private void prewarm() {
        var prewarmed =
                CompletableFuture.allOf(
                        pools.all().stream()
                                .filter(pool -> pool.settings().minSize() > 0)
                                .map(Pool::prewarm)
                                .toArray(CompletableFuture[]::new));
        try {
            prewarmed.get(PREWARM.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("min_pool_size was not reached within {}", PREWARM);
        } catch (Exception e) {
            LOG.warn("min_pool_size was not reached", e);
        }
    }

    private void onAccepting() {
        watchPeers(); // also of the clients a staged successor has for as long as that takes
        listeners
                .all()
                .forEach(listener -> LOG.info("Accepting connections on {}", listener.address()));
        LOG.info(
                "pg_doorman {} is ready: pid {}, {} on {} threads",
                options.version(),
                ProcessHandle.current().pid(),
                transport.kind(),
                loops.size());
    }

    /** Those of the predecessor, once it is gone: until then a reload would have to wait. */
    private void adoptConsoleSettings() {
        Map<String, String> adopted = consoleSettings.takeAdopted();
        if (!adopted.isEmpty()) {
            LOG.info(
                    "Handover: settings of the console stay in effect: {}",
                    String.join(", ", adopted.keySet()));
            requestReload("Settings of the console", () -> consoleSettings.setAll(adopted));
        }
    }

    /** This process alone serves from now on. */
    private void onServing() {
        scheduleRetain();
        DailyWarnings.start(control, () -> reload.tls().warningsOfEnds(Instant.now()));
        adoptConsoleSettings();
        web.enter(WebEndpoint.Stage.SERVING);
        web.openWhenFree(control);
        Thread.ofPlatform()
                .daemon()
                .name(options.threads() + "-stats")
                .start(new StatsTicker(pools::all, loops));
        if (options.rehearsal() == Rehearsal.TRANSPLANT) {
            Thread.ofPlatform().daemon().name("pooler-transplants").start(new Transplants(host));
        }
        options.onServing().run();
        if (!exitCode.isDone()) {
            systemd.ready("serving");
            Watchdog.start(options.watchdog(), control, loops, systemd);
        }
    }

    private static List<StoredSecret> secretsOf(Config config) {
        List<StoredSecret> secrets = new ArrayList<>();
        for (PoolConfig pool : config.pools().values()) {
            pool.users().forEach(user -> secrets.add(StoredSecret.parse(user.password().reveal())));
        }
        secrets.add(StoredSecret.parse(config.general().admin().password().reveal()));
        return secrets;
    }

    // ---- while it runs --------------------------------------------------------------------------

    private HandoverState handoverState() {
        return upgrade.state();
    }

    private void watchPeers() {
        transport.peers().start(control, () -> config.general().tcp().userTimeout());
    }

    private void retain() {
        scheduleRetain(); // first, so that a failure does not end the rounds
        int max = config.general().housekeeping().retainConnectionsMax();
        var quota = new AtomicInteger(max == 0 ? Integer.MAX_VALUE : max);
        pools.all().forEach(pool -> pool.retain(quota));
        LookedUpPools lookedUp = pools.lookedUp();
        if (!lookedUp.isEmpty()) {
            lookedUp.collect(
                    sessions.all().stream().map(Session::pool).collect(Collectors.toSet()));
        }
    }

    /** Each round by itself, for a reload may change the period. */
    private void scheduleRetain() {
        long period = config.general().housekeeping().retainConnectionsTime().toMillis();
        control.schedule(this::retain, period, TimeUnit.MILLISECONDS);
    }

    private Sessions sessions() {
        return sessions;
    }

    /** What an operator orders. */
    private final class AdminOrders implements PoolerAdmin.Orders {
        @Override
        public CompletableFuture<Reload.Result> reload() {
            return reload("RELOAD by the admin console", consoleSettings::drop);
        }

        @Override
        public CompletableFuture<Reload.Result> set(String name, String value) {
            return reload(
                    "SET %s by the admin console".formatted(name),
                    () -> consoleSettings.set(name, value));
        }

        private CompletableFuture<Reload.Result> reload(String why, Runnable change) {
            var result = new CompletableFuture<Reload.Result>();
            control.execute(
                    () -> {
                        nextReload.add(result);
                        if (!requestReload(why, change)) {
                            nextReload.removeLast();
                            result.completeExceptionally(
                                    new IllegalStateException(
                                            "not possible now, the log says why"));
                        }
                    });
            return result;
        }

        @Override
        public void shutDown() {
            control.execute(Pooler.this::shutDown);
        }

        @Override
        public void terminate() {
            control.execute(
                    () -> {
                        stopping = true;
                        upgrade.stop();
                        exitCode.complete(0);
                    });
        }

        @Override
        public void upgrade() {
            control.execute(Pooler.this::onUpgradeSignal);
        }

        @Override
        public ControlSocket.Answer control(List<String> words) {
            return upgrade.command(words);
        }
    }

    private void onHangUp() {
        requestReload("Got SIGHUP", consoleSettings::drop);
    }

    /**
     * Reads the files again.
     *
     * @param change of the settings of the console, if a reload follows at once
     * @return whether one does
     */
    private boolean requestReload(String why, Runnable change) {
        if (stopping || reloads.isEmpty()) {
            LOG.info("{}, but {}", why, stopping ? "stopping" : "there is no file to reload");
        } else if (upgrade.deferReload()) {
            LOG.info("{}: the reload follows the handover that is under way", why);
        } else {
            change.run();
            reloads.get().request();
            return true;
        }
        return false;
    }

    private void onReloadBegin(Path file) {
        presentReload = nextReload;
        nextReload = new ArrayList<>();
        consoleSettingsToTry = consoleSettings.begin();
        LOG.info("Reloading config {}", file);
        systemd.reloading();
    }

    private Map<String, Set<TlsExpiry>> tlsExpiries() {
        return reload.tls().expiries();
    }

    private void onReload(LoadResult loaded) {
        if (!stopping) {
            Reload.Result result = reload.run(config, loaded);
            if (result.accepted()) {
                Set<String> dropped = consoleSettings.accepted();
                if (!dropped.isEmpty()) {
                    LOG.info(
                            "Settings of the console are dropped, the files count again: {}",
                            String.join(", ", dropped));
                }
            } else {
                consoleSettings.rejected();
            }
            presentReload.forEach(waiting -> waiting.complete(result));
        }
    }

    private void onReloadEnd() {
        presentReload.forEach(
                waiting ->
                        waiting.completeExceptionally(
                                new IllegalStateException("the reload did not come to its end")));
        if (!stopping && !upgrade.isUnderWay()) {
            systemd.ready("serving");
        }
    }

    private void onUpgradeSignal() {
        if (stopping) {
            LOG.info("Got SIGUSR2, but stopping");
            return;
        }
        LOG.info("Got SIGUSR2, starting binary upgrade");
        upgrade.request();
    }

    /** Any thread: what a handover wants of this process. */
    private void onUpgrade(Upgrade.Event event) {
        switch (event) {
            case ACCEPTING -> control.execute(this::onAccepting);
            case SERVING -> control.execute(this::onServing);
            case LEAVING -> {
                web.enter(WebEndpoint.Stage.LEAVING);
                web.pause(); // at once: the successor answers there when it hears
            }
            case STAYING -> control.execute(this::onStaying);
            case RELOAD -> control.execute(this::onHangUp);
            case SHUTDOWN -> control.execute(this::shutDown);
            case OVER -> exitCode.complete(0);
            case NOT_TAKEN_OVER -> exitCode.complete(StartException.FAILURE);
        }
    }

    private void onStaying() {
        if (!stopping) {
            web.enter(WebEndpoint.Stage.SERVING);
            web.resume();
        }
    }

    private void onConfig(Config next) {
        config = next;
        usualSecrets.configured(secretsOf(next));
    }

    // ---- stop -----------------------------------------------------------------------------------

    /** On a thread of its own: it waits for nothing, whatever the control thread is doing. */
    private void onTerminate() {
        stopping = true;
        upgrade.stop();
        LOG.info(
                "Got SIGTERM, closing with {} clients in transactions",
                sessions.countInTransactions());
        exitCode.complete(0);
    }

    private void onInterrupt() {
        if (!options.interruptStops() && !stopping) {
            LOG.info("Got SIGINT, starting binary upgrade and graceful shutdown");
            upgrade.request();
            return;
        }
        if (stopping) {
            LOG.info("Got SIGINT again, closing with the clients that remain");
            exitCode.complete(0);
            return;
        }
        LOG.info("Got SIGINT (Ctrl+C), starting graceful shutdown");
        shutDown();
    }

    private void shutDown() {
        if (stopping) {
            return;
        }
        if (upgrade.deferShutdown()) {
            LOG.info("The shutdown follows the handover that is under way");
            return;
        }
        stopping = true;
        LOG.info("Shutting down gracefully");
        systemd.stopping();
        web.enter(WebEndpoint.Stage.ENDING);
        listeners.close();
        sessions.shutDown();
        pools.all().forEach(Pool::close);
        LOG.info(
                "waiting for {} clients to disconnect ({} in transactions)",
                sessions.all().size(),
                sessions.countInTransactions());
        long deadline = System.nanoTime() + config.general().process().shutdownTimeout().toNanos();
        control.execute(() -> awaitClients(deadline));
    }

    private void awaitClients(long deadlineNanos) {
        if (sessions.all().isEmpty()) {
            LOG.info("All clients disconnected, shutting down");
            exitCode.complete(0);
        } else if (System.nanoTime() - deadlineNanos >= 0) {
            LOG.warn(
                    "Graceful shutdown timed out. {} clients remain ({} in transactions), closing forcibly",
                    sessions.all().size(),
                    sessions.countInTransactions());
            exitCode.complete(0);
        } else {
            control.schedule(
                    () -> awaitClients(deadlineNanos),
                    SHUTDOWN_STEP.toMillis(),
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Closes the listeners at once; connections end with the process. */
    @Override
    public void close() {
        if (!upgrade.isHandedOver()) {
            systemd.stopping();
        }
        upgrade.close();
        control.shutdownNow();
        web.close();
        listeners.close();
        workers.shutdownNow();
        resolvers.shutdownNow();
        Transport.endLoops(group, LOOPS_END);
    }
}
