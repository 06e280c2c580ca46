package io.pgdoorman.authority;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jose4j.jwt.JwtClaims;
import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Knows clients by the roles that their Talos token gives them: the highest one is the user they
 * become.
 *
 * <pre>{"clientId": "shop", "resource_access": {"pg:app": {"roles": ["read_only"]}}, ...}</pre>
 *
 * <p>Two are equal if they say the same of every token. Threads: immutable; tokens are verified on
 * the executor.
 */
public final class TalosAuthority implements Authority {
    /** Highest first. */
    public static final List<String> ROLES = List.of("owner", "read_write", "read_only");

    /** As long as PostgreSQL's names. */
    private static final int MAX_CLIENT_CHARACTERS = 63;

    /**
     * Which roles count.
     *
     * @param resources ends of the names of resources, after the colon
     * @param users of each database
     */
    public record Scope(Set<String> resources, Map<String, Set<String>> users) {
        public Scope {
            resources = Set.copyOf(resources);
            users = Map.copyOf(users);
        }

        /**
         * Whether a resource is about a database. Where the resources are called like databases
         * each is about its own; else all are about the whole pooler.
         */
        boolean covers(String resource, String database) {
            String end = resource.substring(resource.indexOf(':') + 1);
            boolean named = resources.stream().anyMatch(users::containsKey);
            return resource.indexOf(':') >= 0
                    && resources.contains(end)
                    && (!named || end.equals(database));
        }

        boolean hasUser(String database, String user) {
            return users.getOrDefault(database, Set.of()).contains(user);
        }
    }

    private final TokenKeys keys;
    private final Scope scope;
    private final TokenVerifier verifier;
    private final Executor executor;

    /**
     * @param executor of what would take a loop's time; may refuse
     */
    public TalosAuthority(TokenKeys keys, Scope scope, Executor executor, InstantSource clock) {
        this.keys = keys;
        this.scope = scope;
        this.executor = executor;
        this.verifier = new TokenVerifier(keys, TokenRules.DEFAULT, clock);
    }

    @Override
    public String name() {
        return "Talos";
    }

    @Override
    public ErrorResponse refusal(String user, String reason) {
        return ErrorResponse.of(
                Severity.FATAL,
                SqlState.INVALID_CATALOG_NAME,
                "Invalid Talos token: %s".formatted(reason));
    }

    @Override
    public CompletableFuture<Verdict> ask(ClientLogin login, Bytes password) {
        return Verdicts.on(executor, () -> verdict(login.database(), password));
    }

    private Verdict verdict(String database, Bytes token) throws TokenException {
        JwtClaims claims = verifier.verify(token);
        String role =
                role(claims, database)
                        .orElseThrow(
                                () ->
                                        new TokenException(
                                                "the token gives no role in database " + database));
        if (!scope.hasUser(database, role)) {
            throw new TokenException(
                    "the token gives the role %s, which is not a user of database %s"
                            .formatted(role, database));
        }
        return new Verdict.Known(role, client(claims));
    }

    private Optional<String> role(JwtClaims claims, String database) throws TokenException {
        if (!(claims.getClaimValue("resource_access") instanceof Map<?, ?> access)) {
            throw new TokenException("the token has no claim resource_access");
        }
        return ROLES.stream()
                .filter(
                        role ->
                                access.entrySet().stream()
                                        .anyMatch(
                                                entry ->
                                                        scope.covers(
                                                                        String.valueOf(
                                                                                entry.getKey()),
                                                                        database)
                                                                && gives(entry.getValue(), role)))
                .findFirst();
    }

    private static boolean gives(@Nullable Object access, String role) {
        return access instanceof Map<?, ?> map
                && map.get("roles") instanceof List<?> roles
                && roles.contains(role);
    }

    /** Empty if it could not be an application's name. */
    private static String client(JwtClaims claims) {
        return claims.getClaimValue("clientId") instanceof String client
                        && client.length() <= MAX_CLIENT_CHARACTERS
                        && client.chars().allMatch(c -> c >= ' ' && c <= '~')
                ? client
                : "";
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TalosAuthority that
                && keys.equals(that.keys)
                && scope.equals(that.scope);
    }

    @Override
    public int hashCode() {
        return Objects.hash(keys, scope);
    }
}
