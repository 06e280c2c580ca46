package io.pgdoorman.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.AuthQueryRow;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.backend.ServerTarget;
import io.pgdoorman.backend.ServerTls;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.handover.Phase;
import io.pgdoorman.handover.Report;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.SettingsBuilder;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.session.ClientDirectory;
import io.pgdoorman.session.ClientServices;
import io.pgdoorman.session.Consoles;
import io.pgdoorman.session.Derivations;
import io.pgdoorman.session.SessionSettings;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.stats.Histogram;
import io.pgdoorman.tls.TlsExpiry;
import io.pgdoorman.wire.Bytes;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A process without clients and servers, whose pools' figures the test writes. Threads: any. */
public final class MetricsStage implements AdminHost, MetricsSource, AutoCloseable {
    private static final String CONFIG =
            """
            [general]
            admin_username = "admin"
            admin_password = "secret"
            [pools.shop]
            server_host = "127.0.0.1"
            server_port = 5432
            [[pools.shop.users]]
            username = "alice"
            password = ""
            pool_size = 7
            """;

    private final List<EventLoop> loops = List.of(new DefaultEventLoop(), new DefaultEventLoop());
    private final Config config = ConfigLoader.parse(CONFIG, "test.toml").config().orElseThrow();
    private final AuthenticationContext authentication =
            new AuthenticationContext(
                    new SecureRandom(),
                    new ScramKeyCache(10),
                    Bytes.ofText("a secret of this process"),
                    new UsualSecrets());
    private final Coordinator coordinator = new Coordinator(20, 3);
    private final List<Pool> pools = new ArrayList<>();
    private final List<MetricsPage> pages = new ArrayList<>();
    private final Sessions sessions =
            new Sessions(
                    new NobodyMayLogIn(),
                    new ClientServices(
                            authentication,
                            new Derivations(Runnable::run, 1),
                            false,
                            Consoles.NONE,
                            new LoopChoice(loops)),
                    new SessionSettings(
                            10, 0, 1 << 20, 0, Bytes.EMPTY, false, false, 0, 0, false, 0));

    public MetricsStage() {
        add("shop", "alice");
    }

    Pool add(String database, String user) {
        var interner = new ParameterInterner();
        var shared =
                new ServerConnector.Shared(
                        Transport.select(TransportChoice.EPOLL, _ -> {}),
                        Runnable::run,
                        Runnable::run,
                        authentication,
                        new Secrets(),
                        new AtomicLong(),
                        false);
        var target =
                new ServerTarget(
                        user + "@" + database,
                        "127.0.0.1",
                        5432,
                        database,
                        user,
                        new ServerCredential.None(),
                        "pooler",
                        Map.of(),
                        Duration.ofSeconds(3),
                        SocketSettings.DEFAULT,
                        ServerTls.OFF);
        var settings = new SettingsBuilder();
        settings.size = 7;
        var pool =
                new Pool(
                        database,
                        user,
                        settings.build(),
                        new ServerConnector(target, shared, interner, 0, 0),
                        interner,
                        coordinator,
                        loops);
        pools.add(pool);
        return pool;
    }

    void remove(Pool pool) {
        pools.remove(pool);
    }

    Pool pool() {
        return pools.getFirst();
    }

    static String text(MetricsPage page, Format format) throws InterruptedException {
        ByteBuf rendered = page.render(format);
        try {
            return rendered.toString(StandardCharsets.UTF_8);
        } finally {
            rendered.release();
        }
    }

    public MetricsPage page() {
        var page = new MetricsPage(this, this, new LoopLag(loops));
        pages.add(page);
        return page;
    }

    @Override
    public void close() {
        pages.forEach(MetricsPage::close);
        loops.forEach(loop -> loop.shutdownGracefully(0, 1, TimeUnit.SECONDS));
    }

    @Override
    public HandoverState handover() {
        return new HandoverState(
                Phase.NONE,
                2,
                new Histogram(),
                Optional.of(new Report(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)));
    }

    @Override
    public boolean isDraining() {
        return false;
    }

    @Override
    public Map<String, Set<TlsExpiry>> tlsExpiries() {
        var file = Path.of("server.crt");
        var end = Instant.ofEpochSecond(1_800_000_000);
        return Map.of(
                "client",
                Set.of(
                        new TlsExpiry(
                                file, TlsExpiry.Kind.CERTIFICATE, "CN=own", "CN=ca", end, end)),
                "server",
                Set.of(new TlsExpiry(file, TlsExpiry.Kind.CRL, "", "CN=ca", end, end)));
    }

    @Override
    public String version() {
        return "1.2.3";
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public List<EventLoop> loops() {
        return loops;
    }

    @Override
    public List<Pool> pools() {
        return List.copyOf(pools);
    }

    @Override
    public Map<String, Coordinator> coordinators() {
        return Map.of("shop", coordinator);
    }

    @Override
    public List<AuthQueryRow> authQuery() {
        return List.of(new AuthQueryRow("shop", 2, 1, new LookupCounts()));
    }

    @Override
    public Sessions sessions() {
        return sessions;
    }

    @Override
    public String logLevel() {
        return "info,\"odd\\name\"";
    }

    @Override
    public void reload() {}

    @Override
    public void set(String name, String value) {}

    @Override
    public long lostLogLines() {
        return 3;
    }

    @Override
    public void setLogLevel(String filter) {}

    @Override
    public void shutDown() {}

    @Override
    public void terminate() {}

    @Override
    public void upgrade() {}

    @Override
    public String control(List<String> words) {
        return "";
    }

    private static final class NobodyMayLogIn implements ClientDirectory {
        @Override
        public HbaRules hba() {
            return HbaRules.ALLOW_ALL;
        }

        @Override
        public boolean hasDatabase(String database) {
            return false;
        }

        @Override
        public Optional<Account> find(String database, String user) {
            return Optional.empty();
        }
    }
}
