package io.pgdoorman.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How many servers the users of one database get. A pool of PgBouncer belongs to the role at
 * PostgreSQL, so clients of a database with {@code user=} share one; here each has its own, and
 * {@code max_db_connections} keeps their sum. Threads: confined to one import.
 */
final class PoolSizes {
    private final BouncerConfig.Item database;
    private final Map<String, BouncerConfig.Item> roles;
    private final BouncerSettings settings;
    private final int clients;
    private final int configuredBound;
    private final int reserve;
    private final int least;

    PoolSizes(
            BouncerConfig.Item database,
            Map<String, BouncerConfig.Item> roles,
            BouncerSettings settings,
            UserList users,
            Findings findings) {
        this.database = database;
        this.roles = roles;
        this.settings = settings;
        clients = users.secrets().size();
        configuredBound = number("max_db_connections", "max_db_connections", 0);
        reserve =
                number(
                        database.get("reserve_pool").isPresent()
                                ? "reserve_pool"
                                : "reserve_pool_size",
                        "reserve_pool_size",
                        0);
        if (reserve > 0 && !sharesWithReserve()) {
            Counterparts.Missing none = Counterparts.RESERVE;
            findings.add(
                    hasReserve() ? database.at() : settings.at("reserve_pool_size"),
                    database.name() + ": reserve_pool_size " + reserve,
                    none.why(),
                    none.advice());
        }
        least = least(findings);
    }

    private int least(Findings findings) {
        int wanted = number("min_pool_size", "min_pool_size", 0);
        Place at =
                database.get("min_pool_size").isPresent()
                        ? database.at()
                        : settings.at("min_pool_size");
        String name = database.name() + ": min_pool_size";
        if (wanted == 0 || clients == 0) {
            return 0;
        }
        int limit = limit();
        if (limit > 0 && (long) wanted * clients > limit) {
            findings.add(
                    at,
                    name,
                    "would be kept for each of the %d users, which is more than the database's limit"
                                    .formatted(clients)
                            + " of %d; it is left out".formatted(limit),
                    "set min_pool_size for the users that need it");
            return 0;
        }
        if (clients > 1) {
            findings.add(
                    at,
                    name,
                    "is kept for each of the %d users, also while they have no clients"
                            .formatted(clients),
                    "remove it from users that seldom come");
        }
        return wanted;
    }

    /** {@code pool_size} of a client user; of those that are not listed if there is none. */
    int size(String user) {
        int size =
                Optional.ofNullable(roles.get(database.get("user").orElse(user)))
                        .flatMap(
                                role ->
                                        role.get("pool_size")
                                                .flatMap(
                                                        text ->
                                                                settings.count(
                                                                        "pool_size",
                                                                        text,
                                                                        role.at())))
                        .orElseGet(() -> number("pool_size", "default_pool_size", 20));
        int bounded = configuredBound > 0 ? Math.min(size, configuredBound) : size;
        return Math.max(1, bounded);
    }

    /** {@code min_pool_size} of a client user. */
    int least(String user) {
        return Math.min(least, size(user));
    }

    /** The settings of the pool that bound all its users together. */
    List<Line> bound() {
        List<Line> lines = new ArrayList<>();
        if (limit() == 0) {
            return lines;
        }
        if (configuredBound == 0) {
            lines.add(
                    new Line.Comment(
                            "All clients share the role of this database: together they have as"
                                    + " many servers as its one pool had."));
        }
        lines.add(Line.of("max_db_connections", limit()));
        if (sharesWithReserve()) {
            lines.add(Line.of("reserve_pool_size", reserve));
            lines.add(
                    Line.of(
                            "reserve_pool_timeout",
                            BouncerSettings.written(settings.seconds("reserve_pool_timeout", 5))));
        }
        return lines;
    }

    /** {@code max_db_connections}; 0 is none. */
    private int limit() {
        return configuredBound > 0 || !isShared() ? configuredBound : size("");
    }

    private boolean isShared() {
        return database.get("user").isPresent() && clients > 1;
    }

    private boolean sharesWithReserve() {
        return isShared() && configuredBound == 0 && reserve > 0;
    }

    private boolean hasReserve() {
        return database.get("reserve_pool").isPresent()
                || database.get("reserve_pool_size").isPresent();
    }

    private int number(String pair, String setting, int otherwise) {
        return database.get(pair)
                .flatMap(text -> settings.count(pair, text, database.at()))
                .orElseGet(() -> settings.count(setting, otherwise));
    }
}
