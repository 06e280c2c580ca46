package io.pgdoorman.runtime;

import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.wire.Bytes;

import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** The pools that a configuration makes, without loops: they open no server. */
final class ConfiguredPools {
    private static final String GENERAL =
            """
            [general]
            admin_username = "admin"
            admin_password = "top-secret"
            """;

    private ConfiguredPools() {}

    static Pools of(String text) {
        return of(text, System::nanoTime);
    }

    static Config config(String text) {
        LoadResult loaded = ConfigLoader.parse(GENERAL + text, "test.toml");
        return loaded.config()
                .orElseThrow(() -> new IllegalArgumentException(loaded.problems().toString()));
    }

    /**
     * @param nanoTime by which pools become unused
     */
    static Pools of(String text, LongSupplier nanoTime) {
        Config config = config(text);
        var authentication =
                new AuthenticationContext(
                        new SecureRandom(),
                        new ScramKeyCache(10),
                        Bytes.ofText("a secret of this process"),
                        new UsualSecrets());
        var shared =
                new ServerConnector.Shared(
                        Transport.select(TransportChoice.EPOLL, warning -> {}),
                        Runnable::run,
                        Runnable::run,
                        authentication,
                        new Secrets(),
                        new AtomicLong(),
                        false);
        return Pools.of(
                config,
                new PoolFactory(
                        shared,
                        new ParameterInterner(),
                        SocketSettings.DEFAULT,
                        TlsSetup.of(config),
                        Authorities.of(config, Runnable::run),
                        List.of()),
                nanoTime);
    }
}
