package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.WebConfig;
import io.pgdoorman.handover.PassedListener;
import io.pgdoorman.metrics.HandoverState;
import io.pgdoorman.metrics.LoopLag;
import io.pgdoorman.metrics.MetricsPage;
import io.pgdoorman.metrics.MetricsSource;
import io.pgdoorman.net.Posix;
import io.pgdoorman.net.Transport;
import io.pgdoorman.tls.TlsExpiry;
import io.pgdoorman.web.Credentials;
import io.pgdoorman.web.Endpoints;
import io.pgdoorman.web.HealthSource;
import io.pgdoorman.web.WebServer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The listener of the section {@code [web]}, if it is enabled, and what it tells of this process.
 * Where to listen is what the configuration said at the start.
 *
 * <p>In a handover the socket goes along. Whoever scrapes between the last answer of the
 * predecessor and the first of the successor waits in the kernel's queue: nobody is refused, and
 * nobody gets figures of two processes in turn.
 *
 * <p>Threads: any; opened and closed under this object's lock.
 */
final class WebEndpoint implements HealthSource, MetricsSource, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WebEndpoint.class);

    private static final long LAG_PERIOD_SECONDS = 1;

    /** A loop that is stuck for longer will not come back by itself. */
    private static final Duration DEAD_LOOP = Duration.ofSeconds(30);

    /** Nobody can log in while a loop is stuck so long. */
    private static final Duration BUSY_LOOP = Duration.ofSeconds(5);

    /** A predecessor that was killed may take a moment to be gone. */
    private static final Duration RETRY = Duration.ofMillis(100);

    private static final int ATTEMPTS = 100;

    /** Where the process is in its life. */
    enum Stage {
        STARTING("is starting"),
        SERVING(""),
        LEAVING("hands over to another process"),
        ENDING("is draining");

        private final String obstacle;

        Stage(String obstacle) {
            this.obstacle = obstacle;
        }
    }

    private final Transport transport;
    private final Optional<WebConfig> address;
    private final String threads;
    private final Supplier<HandoverState> handover;
    private final Supplier<Map<String, Set<TlsExpiry>>> tlsExpiries;
    private final LoopLag lag;
    private final MetricsPage metrics;
    private final Endpoints endpoints;

    /** Written by the control thread and by handovers, read by requests. */
    private volatile Stage stage = Stage.STARTING;

    private @Nullable WebServer server;

    /** Of another process, as long as this one does not serve. */
    private @Nullable PassedListener passed;

    private boolean closed;

    /**
     * @param threads the name of its thread begins with it
     */
    WebEndpoint(
            Transport transport,
            AdminHost host,
            List<EventLoop> loops,
            String threads,
            Supplier<HandoverState> handover,
            Supplier<Map<String, Set<TlsExpiry>>> tlsExpiries) {
        this.transport = transport;
        this.address = host.config().web().filter(WebConfig::enabled);
        this.threads = threads;
        this.handover = handover;
        this.tlsExpiries = tlsExpiries;
        this.lag = new LoopLag(loops);
        this.metrics = new MetricsPage(host, this, lag);
        this.endpoints = new Endpoints(metrics, this, () -> reader(host));
    }

    private static Optional<Credentials> reader(AdminHost host) {
        GeneralConfig.Admin admin = host.config().general().admin();
        return host.config()
                .web()
                .filter(WebConfig::metricsAuth)
                .map(_ -> new Credentials(admin.username(), admin.password().reveal()));
    }

    void enter(Stage next) {
        stage = next;
    }

    /**
     * Listens, if the configuration says so.
     *
     * @throws StartException the address cannot be listened on
     */
    void open() {
        try {
            listen();
        } catch (IOException e) {
            throw new StartException(StartException.LISTEN, "web.host/port: " + e.getMessage());
        }
    }

    /** As {@link #open}, but the process goes on without; tries again for a while. */
    void openWhenFree(ScheduledExecutorService control) {
        openWhenFree(control, ATTEMPTS);
    }

    private void openWhenFree(ScheduledExecutorService control, int attempts) {
        try {
            listen();
        } catch (IOException e) {
            if (attempts > 1) {
                control.schedule(
                        () -> openWhenFree(control, attempts - 1),
                        RETRY.toMillis(),
                        TimeUnit.MILLISECONDS);
            } else {
                LOG.error("web.host/port: {}; there are no metrics", e.getMessage());
            }
        }
    }

    private synchronized void listen() throws IOException {
        if (closed || server != null || address.isEmpty()) {
            return;
        }
        WebConfig web = address.get();
        PassedListener from = passed;
        passed = null;
        WebServer opened =
                from == null
                        ? WebServer.listen(
                                transport,
                                new InetSocketAddress(web.host(), web.port()),
                                endpoints,
                                threads)
                        : WebServer.adopt(transport, from.fd(), endpoints, threads);
        opened.loop().scheduleAtFixedRate(lag, 0, LAG_PERIOD_SECONDS, TimeUnit.SECONDS);
        LOG.info("Serving metrics on http:/{}/metrics", opened.address());
        server = opened;
    }

    // ---- shared with another process -----------------------------------------------------------

    /** The socket, for another process; it stays this one's. */
    synchronized Optional<PassedListener> passed() {
        WebServer open = server;
        return open == null
                ? Optional.empty()
                : address.map(
                        web ->
                                new PassedListener(
                                        PassedListener.Kind.WEB,
                                        web.host(),
                                        web.port(),
                                        open.fd()));
    }

    /**
     * Takes the socket of another process, to answer there when this one serves.
     *
     * @param socket owned from now on
     * @return false if the configuration wants another, or none; it is closed then
     */
    synchronized boolean adopt(PassedListener socket) {
        boolean fits =
                address.filter(
                                web ->
                                        web.host().equals(socket.host())
                                                && web.port() == socket.port())
                        .isPresent();
        if (fits) {
            passed = socket;
        } else {
            Posix.close(socket.fd());
        }
        return fits;
    }

    /** Answers nobody any more. Who connects waits. */
    synchronized void pause() {
        WebServer open = server;
        if (open != null) {
            open.pause();
        }
    }

    /** Undoes {@link #pause}. */
    synchronized void resume() {
        WebServer open = server;
        if (open != null) {
            open.resume();
        }
    }

    /** For good; where another process has taken the socket, it lives on there. */
    @Override
    public synchronized void close() {
        closed = true;
        PassedListener unused = passed;
        passed = null;
        if (unused != null) {
            Posix.close(unused.fd());
        }
        WebServer open = server;
        server = null;
        if (open != null) {
            open.close();
        }
        metrics.close();
    }

    // ---- what is told ---------------------------------------------------------------------------

    @Override
    public HandoverState handover() {
        return handover.get();
    }

    @Override
    public boolean isDraining() {
        return stage == Stage.ENDING;
    }

    @Override
    public Map<String, Set<TlsExpiry>> tlsExpiries() {
        return tlsExpiries.get();
    }

    @Override
    public List<String> deathSigns() {
        return stuckLoops(DEAD_LOOP);
    }

    /**
     * A database that is down is none: the pooler says so to its clients better than a load
     * balancer without any target does.
     */
    @Override
    public List<String> obstacles() {
        List<String> obstacles = stuckLoops(BUSY_LOOP);
        Stage now = stage;
        if (now != Stage.SERVING) {
            obstacles.addFirst("the process " + now.obstacle);
        }
        return obstacles;
    }

    private List<String> stuckLoops(Duration limit) {
        List<String> stuck = new ArrayList<>();
        for (int i = 0; i < lag.count(); i++) {
            long seconds = TimeUnit.NANOSECONDS.toSeconds(lag.waitingNanos(i));
            if (seconds >= limit.toSeconds()) {
                stuck.add("event loop %d has not answered for %d s".formatted(i + 1, seconds));
            }
        }
        return stuck;
    }
}
