package io.pgdoorman.admin;

import io.netty.buffer.PooledByteBufAllocator;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.Setting;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.statement.StatementCache;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.wire.SqlState;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The SHOW commands that list objects and settings; {@link ShowPools} has the figures. Rows are
 * sorted; columns keep their places, new ones come at the end.
 *
 * <p>Threads: any but an event loop.
 */
final class Show {
    private final AdminHost host;
    private final Inventory inventory;
    private final ShowPools pools;

    Show(AdminHost host) {
        this.host = host;
        this.inventory = new Inventory(host);
        this.pools = new ShowPools(host, inventory);
    }

    /** One answer. */
    private interface Answer {
        Table make() throws InterruptedException, ConsoleException;
    }

    /** All of them by name, in the order of the help. */
    private Map<String, Answer> answers(boolean bouncer) {
        Map<String, Answer> all = new LinkedHashMap<>();
        all.put("HELP", this::help);
        all.put("CONFIG", () -> config(bouncer));
        all.put("DATABASES", this::databases);
        all.put("POOLS", pools::pools);
        all.put("POOLS_EXTENDED", pools::extended);
        all.put("POOLS_MEMORY", pools::memory);
        all.put("POOL_COORDINATOR", this::coordinators);
        all.put("POOL_SCALING", this::scaling);
        all.put("PREPARED_STATEMENTS", this::statements);
        all.put("INTERNER", this::interner);
        all.put("CLIENTS", this::clients);
        all.put("SERVERS", this::servers);
        all.put("CONNECTIONS", this::connections);
        all.put("STATS", pools::stats);
        all.put("STATS_TOTALS", () -> pools.totals(bouncer));
        all.put("STATS_AVERAGES", () -> pools.averages(bouncer));
        all.put("TOTALS", pools::sums);
        all.put("VERSION", this::version);
        all.put("USERS", this::users);
        all.put("AUTH_QUERY", this::authQuery);
        all.put("STARTUP_PARAMETERS", this::startupParameters);
        all.put("HBA", () -> ShowHba.of(host.sessions().directory().hba()));
        all.put("TLS", () -> ShowTls.of(host.tlsExpiries(), Instant.now()));
        all.put("LOG_LEVEL", () -> Table.of("log_level").row(host.logLevel()));
        all.put("LISTS", this::lists);
        all.put("SOCKETS", Show::sockets);
        all.put("STATE", this::state);
        all.put("MEM", this::memory);
        all.put("FDS", Show::descriptors);
        all.put("UPGRADE", this::upgrade);
        return all;
    }

    List<String> names() {
        return List.copyOf(answers(false).keySet());
    }

    /**
     * Answers {@code SHOW name}.
     *
     * @param bouncer for tools made for PgBouncer, which take the number of columns literally
     * @return null if there is none of this name
     */
    @Nullable Table of(String name, boolean bouncer) throws InterruptedException, ConsoleException {
        String key = name.toUpperCase(Locale.ROOT);
        Answer answer = answers(bouncer).get(key.equals("POOL_MEMORY") ? "POOLS_MEMORY" : key);
        return answer == null ? null : answer.make();
    }

    private Table help() {
        Table table = Table.of("item");
        table.row("SHOW " + String.join("|", names()));
        for (String item :
                List.of(
                        "SET log_level = '<filter>'",
                        "SET <setting> = '<value>' (until RELOAD; SHOW CONFIG lists them)",
                        "RELOAD",
                        "PAUSE [db] | PAUSE NOWAIT [db]",
                        "RESUME [db]",
                        "SUSPEND (as PAUSE)",
                        "RECONNECT [db]",
                        "WAIT_CLOSE [db]",
                        "DISABLE db",
                        "ENABLE db",
                        "KILL db",
                        "KILL_CLIENT id",
                        "RESET INTERNER",
                        "SHUTDOWN [WAIT_FOR_CLIENTS | WAIT_FOR_SERVERS]",
                        "UPGRADE [STAGE | COMMIT | ROLLBACK | STATUS]")) {
            table.row(item);
        }
        return table;
    }

    private Table version() {
        return Table.of("version").row("PgDoorman " + host.version());
    }

    private Table config(boolean bouncer) {
        Table table =
                bouncer
                        ? Table.of("key", "value", "default", "changeable")
                        : Table.of(
                                "key",
                                "value",
                                "default",
                                "changeable",
                                "set",
                                "takes_effect",
                                "source",
                                "overridden");
        for (Setting setting : host.config().settings()) {
            String key = bouncer ? setting.name().replaceFirst("^general\\.", "") : setting.name();
            String changeable =
                    switch (setting.reload()) {
                        case LIVE, NEW_CONNECTIONS, POOL -> "yes";
                        case RESTART, NONE -> "no";
                    };
            if (bouncer) {
                table.row(key, setting.value(), setting.defaultValue(), changeable);
            } else {
                table.row(
                        key,
                        setting.value(),
                        setting.defaultValue(),
                        changeable,
                        setting.set() ? "yes" : "no",
                        setting.reload().text(),
                        setting.source(),
                        setting.isOverride() ? "yes" : "no");
            }
        }
        logLevel(table, bouncer);
        return table;
    }

    /** Not in the file, but of what can be SET. No reload changes it. */
    private void logLevel(Table table, boolean bouncer) {
        String level = host.logLevel();
        if (bouncer) {
            table.row("log_level", level, "info", "yes");
        } else {
            String set = level.equals("info") ? "no" : "yes";
            String source = "--log-level or SET";
            table.row("log_level", level, "info", "yes", set, "at once, by SET", source, "no");
        }
    }

    private Table databases() throws InterruptedException {
        Table table =
                Table.of(
                        "name",
                        "host",
                        "port",
                        "database",
                        "force_user",
                        "pool_size:i",
                        "min_pool_size:i",
                        "reserve_pool:i",
                        "pool_mode",
                        "max_connections:i",
                        "current_connections:i",
                        "current_client_connections:i",
                        "paused:i",
                        "disabled:i");
        for (PoolRow row : inventory.pools()) {
            Pool pool = row.pool();
            PoolConfig config = host.config().pools().get(pool.database());
            table.row(
                    pool.database(),
                    config == null ? null : config.serverHost(),
                    config == null ? null : config.serverPort(),
                    config == null ? null : config.serverDatabase(),
                    pool.user(),
                    pool.settings().size(),
                    pool.settings().minSize(),
                    config == null ? 0 : config.coordinator().reservePoolSize(),
                    mode(pool),
                    pool.settings().size(),
                    pool.open(),
                    row.clients(),
                    pool.isPaused() ? 1 : 0,
                    pool.isDisabled() ? 1 : 0);
        }
        return table;
    }

    static String mode(Pool pool) {
        return pool.settings().sessionMode() ? "session" : "transaction";
    }

    private Table coordinators() {
        Table table =
                Table.of(
                        "database",
                        "max_db_conn:n",
                        "current:n",
                        "reserve_size:n",
                        "reserve_used:n",
                        "evictions:n",
                        "reserve_acq:n",
                        "exhaustions:n");
        new TreeMap<>(host.coordinators())
                .forEach(
                        (database, one) -> {
                            if (one.isEnabled()) {
                                coordinator(table, database, one);
                            }
                        });
        return table;
    }

    private static void coordinator(Table table, String database, Coordinator one) {
        table.row(
                database,
                one.max(),
                one.used(),
                one.reserve(),
                Math.max(0, one.used() - one.max()),
                one.evictions(),
                one.reserveAcquisitions(),
                one.exhaustions());
    }

    private Table scaling() throws InterruptedException {
        Table table =
                Table.of(
                        "user",
                        "database",
                        "inflight:n",
                        "creates:n",
                        "gate_waits:n",
                        "gate_budget_ex:n",
                        "antic_notify:n",
                        "antic_timeout:n",
                        "create_fallback:n",
                        "replenish_def:n");
        for (PoolRow row : inventory.pools()) {
            Pool pool = row.pool();
            table.row(
                    pool.user(),
                    pool.database(),
                    row.loginServers(),
                    pool.stats().totals().get(Counter.SERVER_LOGINS),
                    0,
                    0,
                    0,
                    0,
                    0,
                    0);
        }
        return table;
    }

    private Table statements() {
        Table table = Table.of("pool", "hash:n", "name", "query", "count_used:n", "kind");
        for (Pool pool : sorted()) {
            pool.statements().all().stream()
                    .sorted(Comparator.comparingLong(Statement::number))
                    .forEach(
                            one ->
                                    table.row(
                                            pool.name(),
                                            Integer.toUnsignedLong(one.keyHash()),
                                            "DOORMAN_" + one.number(),
                                            one.text(),
                                            one.sightings(),
                                            "mixed"));
        }
        return table;
    }

    private List<Pool> sorted() {
        List<Pool> all = new ArrayList<>(host.pools());
        all.sort(Comparator.comparing(Pool::database).thenComparing(Pool::user));
        return all;
    }

    private Table interner() {
        long entries = 0;
        long bytes = 0;
        for (Pool pool : host.pools()) {
            StatementCache cache = pool.statements();
            entries += cache.size();
            bytes += cache.bytes();
        }
        return Table.of("kind", "entries:n", "bytes:n")
                .row("named", entries, bytes)
                .row("anonymous", 0, 0);
    }

    private Table clients() {
        Table table =
                Table.of(
                        "client_id",
                        "database",
                        "user",
                        "application_name",
                        "addr",
                        "tls",
                        "state",
                        "wait",
                        "transaction_count:n",
                        "query_count:n",
                        "error_count:n",
                        "age_seconds:n",
                        "bytes_received:n",
                        "bytes_sent:n",
                        "wait_ms:n",
                        "transaction_ms:n",
                        "server_process_id:n",
                        "prepared_statements:n",
                        "tls_version",
                        "tls_server_name",
                        "tls_peer");
        return table.made(in(inventory.clients(), Show::cells));
    }

    private static @Nullable Object[] cells(ClientRow row) {
        return new @Nullable Object[] {
            "#c" + Integer.toUnsignedString(row.id()),
            row.database(),
            row.user(),
            row.applicationName(),
            row.address(),
            Boolean.toString(row.encrypted()),
            row.state(),
            row.waitsFor(),
            row.transactions(),
            row.queries(),
            row.errors(),
            TimeUnit.NANOSECONDS.toSeconds(row.ageNanos()),
            row.receivedBytes(),
            row.sentBytes(),
            TimeUnit.NANOSECONDS.toMillis(row.waitNanos()),
            TimeUnit.NANOSECONDS.toMillis(row.transactionNanos()),
            row.serverPid() == 0 ? null : row.serverPid(),
            row.statements(),
            row.tlsVersion(),
            row.serverName(),
            row.peerName()
        };
    }

    /** The same, as rows. */
    private static <T> Parts<@Nullable Object[]> in(
            Parts<T> parts, Function<T, @Nullable Object[]> cells) {
        return () -> parts.next().stream().map(cells).toList();
    }

    private Table servers() {
        Table table =
                Table.of(
                        "server_id",
                        "server_process_id",
                        "database_name",
                        "user",
                        "application_name",
                        "tls",
                        "state",
                        "wait",
                        "transaction_count:n",
                        "query_count:n",
                        "bytes_sent:n",
                        "bytes_received:n",
                        "age_seconds:n",
                        "prepare_cache_hit:n",
                        "prepare_cache_miss:n",
                        "prepare_cache_size:n",
                        "addr",
                        "client_id",
                        "active_ms:n");
        return table.made(in(inventory.servers(), Show::cells));
    }

    private static @Nullable Object[] cells(ServerRow row) {
        return new @Nullable Object[] {
            "0x%08X".formatted(row.id()),
            row.pid(),
            row.database(),
            row.user(),
            row.applicationName(),
            Boolean.toString(row.encrypted()),
            row.state(),
            row.waitsFor(),
            row.counts().transactions(),
            row.counts().queries(),
            row.counts().sentBytes(),
            row.counts().receivedBytes(),
            TimeUnit.NANOSECONDS.toSeconds(row.ageNanos()),
            row.counts().statementHits(),
            row.counts().statementMisses(),
            row.statements(),
            row.address(),
            row.clientId() == 0 ? null : "#c" + Integer.toUnsignedString(row.clientId()),
            TimeUnit.NANOSECONDS.toMillis(row.activeNanos())
        };
    }

    private Table connections() {
        Sessions.Counts counts = host.sessions().counts();
        return Table.of("total:n", "errors:n", "tls:n", "plain:n", "cancel:n")
                .row(
                        counts.accepted(),
                        counts.refused(),
                        counts.secureLogins(),
                        counts.logins() - counts.secureLogins(),
                        counts.cancelRequests());
    }

    private Table users() {
        Table table = Table.of("name", "pool_mode", "database", "pool_size:i");
        for (Pool pool : sorted()) {
            table.row(pool.user(), mode(pool), pool.database(), pool.settings().size());
        }
        return table;
    }

    private Table authQuery() {
        Table table =
                Table.of(
                        "database",
                        "cache_entries:n",
                        "cache_hits:n",
                        "cache_misses:n",
                        "cache_refetches:n",
                        "cache_rate_limited:n",
                        "auth_success:n",
                        "auth_failure:n",
                        "executor_queries:n",
                        "executor_errors:n",
                        "dynamic_pools_current:n",
                        "dynamic_pools_created:n",
                        "dynamic_pools_destroyed:n");
        for (AuthQueryRow row : host.authQuery()) {
            LookupCounts counts = row.counts();
            table.row(
                    row.database(),
                    row.entries(),
                    counts.hits.sum(),
                    counts.misses.sum(),
                    counts.refetches.sum(),
                    counts.rateLimited.sum(),
                    counts.logins.sum(),
                    counts.failedLogins.sum(),
                    counts.queries.sum(),
                    counts.errors.sum(),
                    row.pools(),
                    counts.poolsCreated.sum(),
                    counts.poolsRemoved.sum());
        }
        return table;
    }

    private Table startupParameters() {
        Table table = Table.of("user", "database", "parameter", "value", "source", "state");
        for (Pool pool : sorted()) {
            PoolConfig config = host.config().pools().get(pool.database());
            if (config == null) {
                continue;
            }
            new TreeMap<>(config.startupParameters())
                    .forEach(
                            (name, value) ->
                                    table.row(
                                            pool.user(),
                                            pool.database(),
                                            name,
                                            value,
                                            "pool",
                                            "applied"));
        }
        return table;
    }

    private Table lists() throws InterruptedException {
        List<PoolRow> rows = inventory.pools();
        int free = rows.stream().mapToInt(PoolRow::idleClients).sum();
        int used = rows.stream().mapToInt(r -> r.activeClients() + r.waitingClients()).sum();
        long databases = rows.stream().map(r -> r.pool().database()).distinct().count();
        long users = rows.stream().map(r -> r.pool().user()).distinct().count();
        return Table.of("list", "items:i")
                .row("databases", databases + 1)
                .row("users", users + 1)
                .row("pools", rows.size() + 1)
                .row("free_clients", free)
                .row("used_clients", used)
                .row("login_clients", host.sessions().logins().size())
                .row("free_servers", rows.stream().mapToInt(PoolRow::idleServers).sum())
                .row("used_servers", rows.stream().mapToInt(PoolRow::activeServers).sum())
                .row("dns_names", 0)
                .row("dns_zones", 0)
                .row("dns_queries", 0)
                .row("dns_pending", 0);
    }

    private static Table sockets() throws ConsoleException {
        try {
            return SocketCounts.read();
        } catch (IOException e) {
            throw new ConsoleException(
                    SqlState.SYSTEM_ERROR, "sockets cannot be counted: " + e.getMessage(), "");
        }
    }

    private Table state() {
        boolean paused = host.pools().stream().anyMatch(Pool::isPaused);
        return Table.of("key", "value")
                .row("active", paused ? "no" : "yes")
                .row("paused", paused ? "yes" : "no")
                .row("suspended", "no");
    }

    private Table memory() {
        Runtime runtime = Runtime.getRuntime();
        long used = runtime.totalMemory() - runtime.freeMemory();
        long direct = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
        return Table.of("name", "size:n", "used:n", "free:n", "memtotal:n")
                .row("heap", 1, used, runtime.maxMemory() - used, used)
                .row("buffers", 1, direct, 0, direct)
                .row(
                        "held_messages",
                        1,
                        host.sessions().heldBytes(),
                        0,
                        host.sessions().heldBytes());
    }

    private static Table descriptors() throws ConsoleException {
        Table table = Table.of("fd:i", "target");
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            all.sorted(Comparator.comparingInt(path -> Integer.parseInt(name(path))))
                    .forEach(path -> table.row(name(path), target(path)));
            return table;
        } catch (IOException e) {
            throw new ConsoleException(
                    SqlState.SYSTEM_ERROR, "descriptors cannot be listed: " + e.getMessage(), "");
        }
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static String target(Path path) {
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (IOException e) {
            return "(closed)";
        }
    }

    private Table upgrade() throws ConsoleException {
        Table table = Table.of("item");
        host.control(List.of("status")).lines().forEach(table::row);
        return table;
    }
}
