package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.LIVE;
import static io.pgdoorman.config.ReloadClass.RESTART;

import java.nio.file.Path;
import java.util.List;

/** {@code [web]} and {@code [talos]}. Threads: immutable. */
final class WebKeys {
    static final KeyGroup WEB = new KeyGroup("Web");

    static final Key<Boolean> ENABLED =
            WEB.key("enabled", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(RESTART)
                    .add("Serve metrics and the interface over HTTP.");

    static final Key<String> HOST =
            WEB.key("host", ValueTypes.STRING)
                    .byDefault("0.0.0.0")
                    .reload(RESTART)
                    .check(
                            (host, rule) -> {
                                if (Addresses.address(withoutBrackets(host)).isEmpty()) {
                                    rule.error("must be an IP address");
                                }
                            })
                    .add("IP address to listen on. `0.0.0.0` accepts IPv4, `::` both.");

    static final Key<Integer> PORT =
            WEB.key("port", ValueTypes.LISTEN_PORT)
                    .byDefault(9127)
                    .reload(RESTART)
                    .add("Port to listen on. 0 takes a free one.");

    static final Key<Boolean> METRICS_AUTH =
            WEB.key("metrics_auth", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(LIVE)
                    .add(
                            "Ask for `admin_username` and `admin_password` (HTTP basic"
                                    + " authentication) before metrics are shown.");

    static final Key<Boolean> UI =
            WEB.key("ui", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(LIVE)
                    .notInEffect()
                    .add("Serve the interface and its API; needs a good `admin_password`.");

    static final Key<Boolean> UI_ANONYMOUS =
            WEB.key("ui_anonymous", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(LIVE)
                    .notInEffect()
                    .add("Let everybody read without a login.");

    static final Key<Integer> LOG_TAP_MAX_ENTRIES =
            WEB.key("log_tap_max_entries", ValueTypes.integer(0, 1_000_000))
                    .byDefault(8192)
                    .reload(LIVE)
                    .notInEffect()
                    .add("Log lines kept for the interface. 0 keeps none.");

    static final Key<List<Cidr>> TRUSTED_PROXIES =
            WEB.key("trusted_proxies", ListTypes.NETWORKS)
                    .byDefault(List.of())
                    .reload(LIVE)
                    .notInEffect()
                    .add("Proxies whose forwarding headers are believed.");

    static final KeyGroup SSO = new KeyGroup("Single sign-on");

    static final Key<Boolean> SSO_ENABLED =
            SSO.key("sso_enabled", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(LIVE)
                    .notInEffect()
                    .add("Accept tokens of an identity provider.");

    static final Key<String> SSO_PROXY_URL =
            SSO.key("sso_proxy_url", ValueTypes.STRING)
                    .unset("none")
                    .example("\"https://sso.example.com/\"")
                    .reload(LIVE)
                    .notInEffect()
                    .add("Where the interface sends people to log in.");

    static final Key<Path> SSO_PUBLIC_KEY_FILE =
            SSO.key("sso_public_key_file", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/sso.pem\"")
                    .reload(LIVE)
                    .notInEffect()
                    .add("Public key of the provider, PEM.");

    static final Key<List<String>> SSO_AUDIENCE =
            SSO.key("sso_audience", ListTypes.STRINGS)
                    .byDefault(List.of())
                    .reload(LIVE)
                    .notInEffect()
                    .add("A token must be for one of these.");

    static final Key<List<String>> SSO_ALLOWED_USERS =
            SSO.key("sso_allowed_users", ListTypes.STRINGS)
                    .byDefault(List.of("*"))
                    .reload(LIVE)
                    .notInEffect()
                    .add("Who may log in; `*` or an empty list is everybody.");

    static final Key<String> SSO_GROUPS_CLAIM =
            SSO.key("sso_groups_claim", ValueTypes.STRING)
                    .byDefault("groups")
                    .reload(LIVE)
                    .notInEffect()
                    .add("Claim that lists a user's groups.");

    static final Key<List<String>> SSO_ADMIN_GROUPS =
            SSO.key("sso_admin_groups", ListTypes.STRINGS)
                    .byDefault(List.of())
                    .reload(LIVE)
                    .notInEffect()
                    .add("Groups whose members are administrators.");

    static final Key<Boolean> SSO_REQUIRE_HTTPS =
            SSO.key("sso_require_https", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(LIVE)
                    .notInEffect()
                    .add("Refuse tokens unless a trusted proxy says that they came by HTTPS.");

    static final KeyGroup TALOS = new KeyGroup("Talos");

    static final Key<List<Path>> TALOS_KEYS =
            TALOS.key("keys", ListTypes.PATHS)
                    .required()
                    .example("[\"/etc/pg_doorman/talos.pem\"]")
                    .reload(LIVE)
                    .add(
                            "Public keys, PEM; a file's name without suffix is the key's id. Read"
                                    + " again at each reload.");

    static final Key<List<String>> TALOS_DATABASES =
            TALOS.key("databases", ListTypes.STRINGS)
                    .required()
                    .example("[\"app\"]")
                    .reload(LIVE)
                    .add(
                            "Resources of a token that count, by what follows the colon. If one of"
                                    + " them is called like a pool, each gives roles in the pool of"
                                    + " its name only; else all give them in every pool.");

    private WebKeys() {}

    /** {@code [::1]} as in URLs, or plain. */
    static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]")
                ? host.substring(1, host.length() - 1)
                : host;
    }
}
