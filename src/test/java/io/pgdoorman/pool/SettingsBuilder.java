package io.pgdoorman.pool;

import io.pgdoorman.config.SessionState;

import java.util.concurrent.TimeUnit;

/** Settings of a pool for tests: nothing is ever due, unless a test says otherwise. */
public final class SettingsBuilder {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    public boolean sessionMode;
    public String applicationName = "pooler";
    public boolean fixedApplicationName;
    public int size = 1;
    public int minSize;
    public long queryWaitNanos = HOUR;
    public long idleCheckNanos;
    public long choreNanos = HOUR;
    public long loginRetryNanos;
    public long drainNanos = HOUR;
    public boolean roundRobin;
    public boolean cleanup = true;
    public SessionState sessionState = SessionState.IGNORE;
    public boolean sessionStateNotice;
    public boolean preparedStatements;
    public int statements = 100;
    public int serverStatements = 100;
    public int clientStatements = Integer.MAX_VALUE;
    public int maxCreates = 100;
    public int warmSize = 100;
    public boolean coordinated;
    public long minConnectionLifetimeNanos;
    public long reserveAfterNanos = HOUR;
    public int guaranteedSize;

    public PoolSettings build() {
        return new PoolSettings(
                sessionMode,
                applicationName,
                fixedApplicationName,
                size,
                minSize,
                queryWaitNanos,
                0,
                0,
                idleCheckNanos,
                choreNanos,
                loginRetryNanos,
                drainNanos,
                roundRobin,
                cleanup,
                sessionState,
                sessionStateNotice,
                preparedStatements,
                statements,
                serverStatements,
                clientStatements,
                maxCreates,
                warmSize,
                coordinated,
                minConnectionLifetimeNanos,
                reserveAfterNanos,
                guaranteedSize);
    }
}
