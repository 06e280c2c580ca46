package io.pgdoorman.handover;

import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.handover.format.ParameterTable;
import io.pgdoorman.log.LogFilterException;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.statement.StatementCache;
import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a process knows apart from its connections, taken over by the successor before it accepts:
 *
 * <pre>
 *   1 parameter set*          2 number of the last client   3 number of the last server
 *   4 secret of the process   5 connections                 6 pool*   7 limit of a database*
 *   8 when the handover was asked for (monotonic clock)
 *   9 number of the last prepared statement
 *   10 filter of the log, if it is not the one of the start
 *   11 setting given on the console*
 *   12 look-up of users*, see {@link LookedUpUsers}; before the pools, which need it
 *   pool:    1 database   2 user   3 fingerprint of where its servers come from
 *            4 what a client proved, to log in with   5 login profile and what it reports*
 *   profile: 1 set   2 set reported
 *   limit:   1 database   2 whether it is in force
 *   setting: 1 full name   2 value
 * </pre>
 *
 * <p>The predecessor begins with all permits of the limits, the successor with none; servers and
 * batches bring them. The reserve of a database is the predecessor's until it is gone. Threads: no
 * state; a thread of the handover.
 */
final class ProcessState {
    private static final int PARAMETER_SET = 1;
    private static final int LAST_CLIENT = 2;
    private static final int LAST_SERVER = 3;
    private static final int SECRET = 4;
    private static final int CONNECTIONS = 5;
    private static final int POOL = 6;
    private static final int DATABASE_LIMIT = 7;
    private static final int BEGAN = 8;
    private static final int LAST_STATEMENT = 9;
    private static final int LOG_FILTER = 10;
    private static final int CONSOLE_SETTING = 11;
    private static final int LOOKUP = 12;

    /** So many the other process may still number while both live. */
    private static final long STATEMENT_RANGE = 1_000_000;

    /** Connections a paused listener of the predecessor may still bring. */
    private static final int SPARE_CLIENT_IDS = 1_000;

    /** Each generation of the process numbers its servers in a range of its own. */
    private static final long SERVER_ID_RANGE = 1L << 32;

    private static final Logger LOG = LoggerFactory.getLogger(ProcessState.class);

    private ProcessState() {}

    // ---- predecessor ----------------------------------------------------------------------------

    /** From now on this process shares its limits. */
    static FieldWriter share(Host host, long beganNanos) {
        var table = new ParameterTable();
        var body =
                new FieldWriter()
                        .put(LAST_CLIENT, host.sessions().lastId())
                        .put(LAST_SERVER, host.lastServerId().get())
                        .put(SECRET, host.authentication().processSecret().toByteArray())
                        .put(CONNECTIONS, host.sessions().connections())
                        .put(BEGAN, beganNanos)
                        .put(LAST_STATEMENT, StatementCache.lastNumber());
        host.logLevels().changed().ifPresent(filter -> body.put(LOG_FILTER, filter));
        host.consoleSettings()
                .forEach(
                        (name, value) ->
                                body.put(
                                        CONSOLE_SETTING,
                                        new FieldWriter().put(1, name).put(2, value)));
        host.lookups()
                .forEach(
                        (database, lookup) ->
                                body.put(LOOKUP, LookedUpUsers.write(database, lookup)));
        for (Pool pool : host.pools()) {
            pool.share(pool.settings().size());
            body.put(POOL, write(pool, table));
        }
        host.coordinators()
                .forEach(
                        (database, coordinator) -> {
                            boolean inForce = coordinator.isEnabled();
                            if (inForce) {
                                coordinator.share(true);
                            }
                            body.put(
                                    DATABASE_LIMIT,
                                    new FieldWriter().put(1, database).put(2, inForce));
                        });
        var message = new FieldWriter();
        table.write(message, PARAMETER_SET);
        return message.append(body);
    }

    private static FieldWriter write(Pool pool, ParameterTable table) {
        var out = new FieldWriter().put(1, pool.database()).put(2, pool.user());
        if (pool.source() instanceof ServerConnector connector) {
            out.put(3, connector.fingerprint());
            ServerCredential credential = connector.credential();
            if (!credential.equals(connector.target().credential())) {
                out.put(4, write(credential));
            }
        }
        pool.reported()
                .forEach(
                        (profile, reported) ->
                                out.put(
                                        5,
                                        new FieldWriter()
                                                .put(1, table.numberOf(profile))
                                                .put(2, table.numberOf(reported))));
        return out.put(6, pool.isPaused()).put(7, pool.isDisabled());
    }

    private static FieldWriter write(ServerCredential credential) {
        return switch (credential) {
            // Fetched anew by the successor.
            case ServerCredential.None _, ServerCredential.Token _, ServerCredential.Fetched _ ->
                    new FieldWriter();
            case ServerCredential.Plain(Bytes password) ->
                    new FieldWriter().put(1, password.toByteArray());
            case ServerCredential.Md5Hash(String user, String hash) ->
                    new FieldWriter().put(2, user).put(3, hash);
            case ServerCredential.ScramClientKey(Bytes key, StoredSecret.Scram secret) ->
                    new FieldWriter().put(4, key.toByteArray()).put(5, secret.format());
        };
    }

    /** No other process shares the limits any more. */
    static void unshare(Host host) {
        host.pools().forEach(Pool::unshare);
        host.coordinators().values().forEach(Coordinator::unshare);
        host.sessions().setElsewhere(0);
    }

    // ---- successor ------------------------------------------------------------------------------

    /**
     * Takes the state over.
     *
     * @return when the handover was asked for
     */
    static long adopt(Host host, byte[] bytes) throws FormatException {
        var table = new ParameterTable();
        var in = new FieldReader(bytes);
        long began = System.nanoTime();
        int lastClient = 0;
        long lastServer = 0;
        Map<String, String> settings = new LinkedHashMap<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case PARAMETER_SET -> table.read(in.message(), host.interner());
                case LAST_CLIENT -> lastClient = in.integer();
                case LAST_SERVER -> lastServer = in.number();
                case SECRET -> {
                    byte[] secret = in.bytes();
                    host.authentication().continueWith(Bytes.copyOf(secret));
                }
                case CONNECTIONS -> host.sessions().setElsewhere(in.integer());
                case BEGAN -> began = in.number();
                case LAST_STATEMENT -> StatementCache.continueAfter(in.number() + STATEMENT_RANGE);
                case LOG_FILTER -> adoptFilter(host, in.text());
                case CONSOLE_SETTING -> readSetting(in.message(), settings);
                case LOOKUP -> LookedUpUsers.adopt(host, in.message());
                case POOL -> readPool(host, in.message(), table);
                case DATABASE_LIMIT -> readLimit(host, in.message());
                default -> {} // of a later version
            }
        }
        host.adoptConsoleSettings(settings);
        // Also behind a process that had none yet: both may have their first at the same time.
        host.sessions().continueAfter(lastClient + SPARE_CLIENT_IDS);
        long nextRange = (lastServer / SERVER_ID_RANGE + 1) * SERVER_ID_RANGE;
        host.lastServerId().accumulateAndGet(nextRange, Math::max);
        return began;
    }

    private static void readSetting(FieldReader in, Map<String, String> into)
            throws FormatException {
        String name = "";
        String value = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> name = in.text();
                case 2 -> value = in.text();
                default -> {} // of a later version
            }
        }
        into.put(name, value);
    }

    /** What another version calls a filter may be none here: no reason to give clients up. */
    private static void adoptFilter(Host host, String filter) {
        try {
            host.logLevels().set(filter);
        } catch (LogFilterException e) {
            LOG.warn("Handover: the log keeps the level of the start: {}", e.getMessage());
        }
    }

    private static void readPool(Host host, FieldReader in, ParameterTable table)
            throws FormatException {
        String database = "";
        String user = "";
        byte[] fingerprint = {};
        ServerCredential credential = null;
        boolean paused = false;
        boolean disabled = false;
        List<ParameterSet[]> reported = new java.util.ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> database = in.text();
                case 2 -> user = in.text();
                case 3 -> fingerprint = in.bytes();
                case 4 -> credential = readCredential(in.message());
                case 5 -> reported.add(readReported(in.message(), table));
                case 6 -> paused = in.bool();
                case 7 -> disabled = in.bool();
                default -> {} // of a later version
            }
        }
        Pool pool = host.pool(database, user);
        if (pool == null) {
            return; // its clients are told when they come
        }
        pool.share(0);
        if (paused) {
            pool.pause();
        }
        pool.setDisabled(disabled);
        if (pool.source() instanceof ServerConnector connector
                && Arrays.equals(connector.fingerprint(), fingerprint)) {
            if (credential != null) {
                connector.learn(credential);
            }
            reported.forEach(pair -> pool.learnReported(pair[0], pair[1]));
        } else {
            pool.outdate();
        }
    }

    private static ParameterSet[] readReported(FieldReader in, ParameterTable table)
            throws FormatException {
        ParameterSet[] pair = {ParameterSet.EMPTY, ParameterSet.EMPTY};
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> pair[0] = table.get(in.number());
                case 2 -> pair[1] = table.get(in.number());
                default -> {} // of a later version
            }
        }
        return pair;
    }

    private static @Nullable ServerCredential readCredential(FieldReader in)
            throws FormatException {
        byte[] password = {};
        String user = "";
        String hash = "";
        byte[] clientKey = {};
        String secret = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> password = in.bytes();
                case 2 -> user = in.text();
                case 3 -> hash = in.text();
                case 4 -> clientKey = in.bytes();
                case 5 -> secret = in.text();
                default -> {} // of a later version
            }
        }
        if (password.length > 0) {
            return new ServerCredential.Plain(Bytes.copyOf(password));
        }
        if (!hash.isEmpty()) {
            return md5(user, hash);
        }
        return clientKey.length > 0
                        && StoredSecret.parse(secret) instanceof StoredSecret.Scram scram
                ? new ServerCredential.ScramClientKey(Bytes.copyOf(clientKey), scram)
                : null;
    }

    private static ServerCredential md5(String user, String hash) throws FormatException {
        try {
            return new ServerCredential.Md5Hash(user, hash);
        } catch (IllegalArgumentException e) {
            throw new FormatException("credential of a pool: " + e.getMessage());
        }
    }

    private static void readLimit(Host host, FieldReader in) throws FormatException {
        String database = "";
        boolean inForce = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> database = in.text();
                case 2 -> inForce = in.bool();
                default -> {} // of a later version
            }
        }
        Map<String, Coordinator> coordinators = host.coordinators();
        Coordinator coordinator = coordinators.get(database);
        if (inForce && coordinator != null && coordinator.isEnabled()) {
            coordinator.share(false);
        }
    }
}
