package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.config.Problem;
import io.pgdoorman.net.Listener;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.SystemdNotifier;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ClientServices;
import io.pgdoorman.session.SessionSettings;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.wire.Bytes;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

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

    private static final Duration SHUTDOWN_STEP = Duration.ofMillis(100);
    private static final int SCRAM_KEYS = 1_000;
    private static final int WORKERS = 2;

    /** Some seconds of work; logins beyond are refused, so that those in the queue still end. */
    private static final int MAX_QUEUED_DERIVATIONS = 1_000;

    private final Config config;
    private final RunOptions options;
    private final ScheduledExecutorService control;
    private final ExecutorService workers;
    private final ExecutorService resolvers;
    private final EventLoopGroup group;
    private final List<EventLoop> loops;
    private final Transport transport;
    private final Pools pools;
    private final Sessions sessions;
    private final ClientServices services;
    private final SystemdNotifier systemd;
    private final List<Listener> listeners = new ArrayList<>();
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    /** Set on the control thread. */
    private boolean stopping;

    /**
     * Loads a configuration and serves until a signal ends it.
     *
     * @return the process's exit code
     */
    public static int run(Path configFile, RunOptions options) {
        LoadResult loaded = ConfigLoader.load(configFile);
        for (Problem problem : loaded.problems()) {
            switch (problem.severity()) {
                case ERROR -> LOG.error("{}", problem.text());
                case WARNING, NOT_IN_EFFECT -> LOG.warn("{}", problem.text());
            }
        }
        if (loaded.config().isEmpty()) {
            return StartException.CONFIG;
        }
        return new Pooler(loaded.config().get(), options).run();
    }

    /** Builds everything and opens nothing. */
    public Pooler(Config config, RunOptions options) {
        this.config = config;
        this.options = options;
        GeneralConfig general = config.general();
        this.control =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("pooler-control").factory());
        this.workers =
                new ThreadPoolExecutor(
                        WORKERS,
                        WORKERS,
                        0,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(MAX_QUEUED_DERIVATIONS),
                        Thread.ofPlatform().daemon().name("pooler-worker-", 1).factory());
        this.resolvers =
                Executors.newFixedThreadPool(
                        WORKERS, Thread.ofPlatform().daemon().name("pooler-dns-", 1).factory());
        this.transport =
                Transport.select(
                        TransportChoice.valueOf(general.process().transport().name()),
                        text -> LOG.warn("{}", text));
        this.group = transport.newLoops(general.process().workerThreads(), "pooler-loop");
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
                        mostUsersHaveMd5(config));
        var shared =
                new ServerConnector.Shared(
                        transport,
                        workers,
                        resolvers,
                        authentication,
                        new AtomicLong(),
                        options.rehearse());
        this.pools =
                Pools.of(
                        config,
                        new PoolFactory(shared, new ParameterInterner(), sockets(general), loops));
        this.services = new ClientServices(authentication, workers, options.rehearse());
        this.sessions = new Sessions(pools, services, sessionSettings(general));
        this.systemd = new SystemdNotifier(options.notifySocket());
    }

    /**
     * Listens, opens servers in advance, tells systemd, and serves until a signal ends it.
     *
     * @return the process's exit code
     */
    public int run() {
        try (var _ =
                new SignalBindings(control)
                        .on("TERM", this::onTerminate)
                        .on("INT", this::onInterrupt)
                        .on("HUP", () -> LOG.warn("SIGHUP: reload is not available yet"))
                        .on("USR1", () -> LOG.warn("SIGUSR1: not available yet"))
                        .on("USR2", () -> LOG.warn("SIGUSR2: upgrade is not available yet"))) {
            if (!exitCode.isDone()) {
                start();
            }
            return exitCode.join();
        } catch (StartException e) {
            LOG.error("{}", e.getMessage());
            return e.exitCode();
        } finally {
            close();
        }
    }

    /** Listens and opens servers in advance; returns when both is done. */
    public void start() {
        GeneralConfig general = config.general();
        listen(general);
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
        long period = general.housekeeping().retainConnectionsTime().toMillis();
        control.scheduleWithFixedDelay(this::retain, period, period, TimeUnit.MILLISECONDS);
        listeners.forEach(listener -> LOG.info("Accepting connections on {}", listener.address()));
        LOG.info(
                "pg_doorman {} is ready: pid {}, {} on {} threads",
                options.version(),
                ProcessHandle.current().pid(),
                transport.kind(),
                loops.size());
        if (!exitCode.isDone()) {
            systemd.ready("serving");
        }
    }

    /** Where it listens; known after {@link #start}. */
    public List<Listener> listeners() {
        return List.copyOf(listeners);
    }

    // ---- start ----------------------------------------------------------------------------------

    private void listen(GeneralConfig general) {
        GeneralConfig.Listen listen = general.listen();
        SocketSettings settings = sockets(general);
        Supplier<EventLoop> chooser =
                () -> loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
        var tcp = new InetSocketAddress(listen.host(), listen.port());
        if (tcp.isUnresolved()) {
            throw new StartException(
                    StartException.LISTEN,
                    "general.host: \"%s\" cannot be resolved to an address"
                            .formatted(listen.host()));
        }
        add(
                transport.listenTcp(
                        loops.getFirst(),
                        tcp,
                        listen.backlog(),
                        settings,
                        chooser,
                        sessions::accept),
                "general.host/port");
        if (listen.unixSocketDir().isPresent()) {
            Path path = listen.unixSocketDir().get().resolve(".s.PGSQL." + listen.port());
            add(
                    transport.listenUnix(
                            loops.getLast(),
                            path,
                            listen.unixSocketMode(),
                            listen.backlog(),
                            settings,
                            chooser,
                            sessions::accept),
                    "general.unix_socket_dir");
        }
    }

    private void add(CompletableFuture<Listener> listening, String setting) {
        try {
            listeners.add(listening.join());
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new StartException(StartException.LISTEN, setting + ": " + cause.getMessage());
        }
    }

    private static SocketSettings sockets(GeneralConfig general) {
        GeneralConfig.Tcp tcp = general.tcp();
        return new SocketSettings(
                tcp.keepalivesIdle(),
                tcp.keepalivesInterval(),
                tcp.keepalivesCount(),
                tcp.soLinger(),
                tcp.noDelay(),
                tcp.userTimeout(),
                tcp.socketBufferSize(),
                general.listen().unixSocketBufferSize());
    }

    private static SessionSettings sessionSettings(GeneralConfig general) {
        return new SessionSettings(
                general.listen().maxConnections(),
                general.listen().loginTimeout().toNanos(),
                general.memory().maxMemoryUsage(),
                general.memory().proxyCopyDataTimeout().toNanos(),
                general.logging().logClientConnections(),
                general.logging().logClientDisconnections());
    }

    private static boolean mostUsersHaveMd5(Config config) {
        long md5 =
                config.pools().values().stream()
                        .flatMap(pool -> pool.users().stream())
                        .filter(user -> user.password().reveal().startsWith("md5"))
                        .count();
        long all = config.pools().values().stream().mapToLong(pool -> pool.users().size()).sum();
        return md5 * 2 > all;
    }

    // ---- while it runs --------------------------------------------------------------------------

    private void retain() {
        int max = config.general().housekeeping().retainConnectionsMax();
        var quota = new AtomicInteger(max == 0 ? Integer.MAX_VALUE : max);
        pools.all().forEach(pool -> pool.retain(quota));
    }

    // ---- stop -----------------------------------------------------------------------------------

    private void onTerminate() {
        LOG.info(
                "Got SIGTERM, closing with {} clients in transactions",
                sessions.countInTransactions());
        exitCode.complete(0);
    }

    private void onInterrupt() {
        if (stopping) {
            LOG.info("Got SIGINT again, closing with the clients that remain");
            exitCode.complete(0);
            return;
        }
        LOG.info("Got SIGINT (Ctrl+C), starting graceful shutdown");
        stopping = true;
        systemd.stopping();
        listeners.forEach(Listener::close);
        sessions.shutDown();
        pools.all().forEach(Pool::close);
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
        systemd.stopping();
        for (Listener listener : listeners) {
            try {
                listener.close().get(1, TimeUnit.SECONDS);
            } catch (Exception e) {
                LOG.warn("{} could not be closed", listener.address(), e);
            }
        }
        control.shutdownNow();
        workers.shutdownNow();
        resolvers.shutdownNow();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
