package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.POOL;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/** {@code [general]}: another PostgreSQL when a pool's own is down. Threads: immutable. */
final class FallbackKeys {
    static final KeyGroup FALLBACK = new KeyGroup("Fallback by Patroni");

    static final Key<List<URI>> PATRONI_API_URLS =
            FALLBACK.key("patroni_api_urls", ListTypes.URLS)
                    .unset("no fallback")
                    .example("[\"http://10.0.0.1:8008\", \"http://10.0.0.2:8008\"]")
                    .reload(POOL)
                    .notInEffect()
                    .check(FallbackKeys::notEmpty)
                    .add("Patroni's REST addresses, asked for the cluster's members.");

    static final Key<Duration> FALLBACK_COOLDOWN =
            FALLBACK.key("fallback_cooldown", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(30))
                    .reload(POOL)
                    .notInEffect()
                    .check(FallbackKeys::notTooShort)
                    .add("How long the pool's own server counts as down.");

    static final Key<Duration> PATRONI_API_TIMEOUT =
            FALLBACK.key("patroni_api_timeout", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(5))
                    .reload(POOL)
                    .notInEffect()
                    .add("Deadline of a request to Patroni.");

    static final Key<Duration> FALLBACK_CONNECT_TIMEOUT =
            FALLBACK.key("fallback_connect_timeout", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(5))
                    .reload(POOL)
                    .notInEffect()
                    .add("Deadline for the login at each candidate.");

    static final Key<Duration> FALLBACK_LIFETIME =
            FALLBACK.key("fallback_lifetime", QuantityTypes.POSITIVE_DURATION)
                    .unset("`fallback_cooldown`")
                    .example("\"30s\"")
                    .reload(POOL)
                    .notInEffect()
                    .add("How long a server found this way is kept.");

    private FallbackKeys() {}

    static void notEmpty(List<URI> urls, Key.Rule rule) {
        if (urls.isEmpty()) {
            rule.error("cannot be an empty list; remove it to switch the fallback off");
        }
    }

    static void notTooShort(Duration cooldown, Key.Rule rule) {
        if (cooldown.compareTo(Duration.ofSeconds(1)) < 0) {
            rule.warning("%s is very short".formatted(Quantities.format(cooldown)));
        }
    }
}
