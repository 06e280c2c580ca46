package io.pgdoorman.config;

import java.util.List;
import java.util.Map;

/**
 * The table of all settings. A new setting is a key in one of the {@code ...Keys} classes and a
 * component of a record; parsing, unknown-key warnings, views, the manual and the example file
 * follow by themselves.
 *
 * <p>Threads: immutable.
 */
final class Schema {
    private static final KeyGroup INCLUDE_KEYS = new KeyGroup("Files");

    static final Key<List<String>> INCLUDE_FILES =
            INCLUDE_KEYS
                    .key("files", ListTypes.STRINGS)
                    .byDefault(List.of())
                    .reload(ReloadClass.LIVE)
                    .add("Files laid over this one, in order; TOML and YAML may be mixed.");

    static final Section INCLUDE =
            new Section(
                    "include",
                    List.of(INCLUDE_KEYS),
                    List.of(),
                    Map.of(),
                    true,
                    "More files. Only the main file includes.");

    static final Section GENERAL =
            new Section(
                    "general",
                    List.of(
                            ListenKeys.LISTEN,
                            ListenKeys.ACCESS,
                            PoolDefaultKeys.POOLS,
                            ProcessKeys.TRAFFIC,
                            ProcessKeys.HOUSEKEEPING,
                            ProcessKeys.LOGGING,
                            ProcessKeys.PROCESS,
                            ListenKeys.SOCKETS,
                            PoolDefaultKeys.PREPARED,
                            TlsKeys.CLIENT,
                            TlsKeys.SERVER,
                            FallbackKeys.FALLBACK),
                    List.of("tls_certificates", "talos"),
                    Map.of(
                            "pool_mode", "set it in the pools",
                            "log_level", "use the option --log-level",
                            "scaling_cooldown_sleep", "there is nothing in its place",
                            "server_tls", "use server_tls_mode"),
                    true,
                    "The process, and what holds for pools that do not say otherwise. Required.");

    static final Section TLS_CERTIFICATE =
            new Section(
                    "general.tls_certificates",
                    List.of(TlsKeys.CERTIFICATES),
                    List.of(),
                    Map.of(),
                    true,
                    "Further certificates for clients, each for the names that stand in it. What"
                            + " no client asks for by name gets `general.tls_certificate`.");

    static final Section POOL =
            new Section(
                    "pools.<name>",
                    List.of(
                            PoolKeys.SERVER,
                            PoolKeys.BEHAVIOUR,
                            PoolKeys.COORDINATOR,
                            PoolKeys.TLS,
                            PoolKeys.FALLBACK),
                    List.of("users", "auth_query"),
                    Map.of("server_tls", "use server_tls_mode"),
                    true,
                    "One table per database, by the name clients give. What is unset is taken from"
                            + " `[general]`, where that has the key.");

    static final Section USER =
            new Section(
                    "pools.<name>.users",
                    List.of(UserKeys.USERS),
                    List.of(),
                    Map.of(),
                    true,
                    "A list, or a table with numbers as keys.");

    static final Section AUTH_QUERY =
            new Section(
                    "pools.<name>.auth_query",
                    List.of(AuthQueryKeys.AUTH_QUERY),
                    List.of(),
                    Map.of("default_pool_size", "use pool_size"),
                    true,
                    "Users no file names are looked up in a database.");

    static final Section WEB =
            new Section(
                    "web",
                    List.of(WebKeys.WEB, WebKeys.SSO),
                    List.of(),
                    Map.of(),
                    true,
                    "Metrics and the interface. `[prometheus]` is another name for it.");

    static final Section TALOS =
            new Section(
                    "talos",
                    List.of(WebKeys.TALOS),
                    List.of(),
                    Map.of(),
                    true,
                    "Login of the user `talos` by a token, whose role is the user it becomes.");

    /** In the order of the manual. */
    static final List<Section> SECTIONS =
            List.of(INCLUDE, GENERAL, TLS_CERTIFICATE, POOL, USER, AUTH_QUERY, WEB, TALOS);

    /** Other name of {@link #WEB}, without a warning. */
    static final String WEB_ALIAS = "prometheus";

    /** The tables at the top level; {@code path} is what other versions write there. */
    static final Section TOP =
            new Section(
                    "",
                    List.of(),
                    List.of("general", "pools", "web", WEB_ALIAS, "talos", "include", "path"),
                    Map.of(),
                    true,
                    "");

    private Schema() {}
}
