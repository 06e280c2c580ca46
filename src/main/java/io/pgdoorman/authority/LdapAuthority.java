package io.pgdoorman.authority;

import com.unboundid.ldap.sdk.DereferencePolicy;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionPool;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.OperationType;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchRequest;
import com.unboundid.ldap.sdk.SearchResult;
import com.unboundid.ldap.sdk.SearchResultEntry;
import com.unboundid.ldap.sdk.SimpleBindRequest;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.config.LdapOptions;
import io.pgdoorman.config.LdapOptions.Mode;
import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

import javax.naming.ldap.Rdn;

/**
 * A directory that checks passwords: a client is who can bind as him, by a name made of his or that
 * of the entry found by a search, as PostgreSQL's method ldap does it.
 *
 * <p>Searches go over connections that are kept, logins each over one of its own.
 *
 * <p>Threads: any asks; what waits for servers are the threads of {@link Questions}.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-ldap.html">LDAP Authentication</a>
 */
public final class LdapAuthority implements Authority, AutoCloseable {
    /**
     * How long things may take.
     *
     * @param connect a connection to one server, with a handshake
     * @param answer to one request
     * @param question all of it
     */
    record Limits(Duration connect, Duration answer, Duration question) {}

    private static final Limits LIMITS =
            new Limits(Duration.ofSeconds(3), Duration.ofSeconds(5), Duration.ofSeconds(15));

    private static final int AT_ONCE = 16;
    private static final Duration SEARCHER_AGE = Duration.ofMinutes(5);
    private static final int MAX_TEXT = 300;

    /** What PostgreSQL refuses in a name that goes into a filter. */
    private static final Pattern FORBIDDEN = Pattern.compile("[*()\\\\/]");

    /** What a server says of a name or a password; anything else is about the server. */
    private static final Set<ResultCode> REFUSALS =
            Set.of(
                    ResultCode.INVALID_CREDENTIALS,
                    ResultCode.NO_SUCH_OBJECT,
                    ResultCode.INVALID_DN_SYNTAX,
                    ResultCode.INAPPROPRIATE_AUTHENTICATION,
                    ResultCode.INSUFFICIENT_ACCESS_RIGHTS,
                    ResultCode.CONSTRAINT_VIOLATION,
                    ResultCode.UNWILLING_TO_PERFORM,
                    ResultCode.REFERRAL);

    private final LdapOptions options;
    private final Limits limits;
    private final Questions questions;
    private final LdapServers servers;

    /** Null if nothing is searched for. */
    private final @Nullable LDAPConnectionPool searchers;

    /** Of a rule; asks nobody yet. */
    public LdapAuthority(LdapOptions options) {
        this(options, LIMITS);
    }

    LdapAuthority(LdapOptions options, Limits limits) {
        this.options = options;
        this.limits = limits;
        this.questions = new Questions(name(), AT_ONCE, limits.question());
        this.servers = new LdapServers(options, limits);
        this.searchers =
                options.mode() instanceof Mode.Search search ? searchers(search, servers) : null;
    }

    private static LDAPConnectionPool searchers(Mode.Search search, LdapServers servers) {
        SimpleBindRequest bind =
                search.bindDn().isEmpty()
                        ? null
                        : new SimpleBindRequest(search.bindDn(), search.bindPassword().reveal());
        try {
            var pool = new LDAPConnectionPool(servers, bind, 0, AT_ONCE);
            pool.setConnectionPoolName("pooler-ldap");
            pool.setMaxConnectionAgeMillis(SEARCHER_AGE.toMillis());
            // a server may have closed it since
            pool.setRetryFailedOperationsDueToInvalidConnections(Set.of(OperationType.SEARCH));
            return pool;
        } catch (LDAPException e) {
            throw new IllegalStateException(e); // it opens no connection
        }
    }

    /** Why connections could not be encrypted as the options want it; empty if they can. */
    public static Optional<String> problem(LdapOptions options) {
        if (options.authorities().isEmpty()) {
            return Optional.empty();
        }
        try {
            new LdapTrust(options.authorities()).sockets();
            return Optional.empty();
        } catch (AuthorityException e) {
            return Optional.of("option ldapcacert: " + e.getMessage());
        }
    }

    @Override
    public String name() {
        return "LDAP";
    }

    @Override
    public CompletableFuture<Verdict> ask(ClientLogin login, Bytes password) {
        if (password.isEmpty()) {
            // A server would take it for an anonymous bind, which succeeds.
            return CompletableFuture.completedFuture(new Verdict.Unknown("the password is empty"));
        }
        return questions.ask(
                () ->
                        switch (options.mode()) {
                            case Mode.Bind bind ->
                                    bind(nameOf(bind, login.user()), login, password);
                            case Mode.Search search -> search(search, login, password);
                        });
    }

    private static String nameOf(Mode.Bind bind, String user) {
        return bind.prefix() + (bind.isDn() ? Rdn.escapeValue(user) : user) + bind.suffix();
    }

    private Verdict search(Mode.Search search, ClientLogin login, Bytes password)
            throws AuthorityException {
        if (FORBIDDEN.matcher(login.user()).find()) {
            return new Verdict.Unknown("the user's name has one of the characters * ( ) \\ /");
        }
        String filter = search.filter().replace(LdapOptions.USER, Filter.encodeValue(login.user()));
        SearchResult found;
        try {
            found = searchers().search(request(search, filter));
        } catch (LDAPException e) {
            if (e.getResultCode().equals(ResultCode.SIZE_LIMIT_EXCEEDED)) {
                return notUnique(filter);
            }
            throw new AuthorityException("LDAP: search for %s: %s".formatted(filter, text(e)));
        }
        List<SearchResultEntry> entries = found.getSearchEntries();
        if (entries == null || entries.isEmpty()) {
            return new Verdict.Unknown("no entry for the filter " + filter);
        }
        return entries.size() > 1
                ? notUnique(filter)
                : bind(entries.getFirst().getDN(), login, password);
    }

    private SearchRequest request(Mode.Search search, String filter) throws LDAPException {
        int seconds = (int) Math.max(1, limits.answer().toSeconds());
        return new SearchRequest(
                search.baseDn(),
                search.scope(),
                DereferencePolicy.NEVER,
                2, // enough to see that it is not the only one
                seconds,
                false,
                filter,
                SearchRequest.NO_ATTRIBUTES);
    }

    private static Verdict notUnique(String filter) {
        return new Verdict.Unknown("more than one entry for the filter " + filter);
    }

    private Verdict bind(String name, ClientLogin login, Bytes password) throws AuthorityException {
        if (name.isBlank()) {
            return new Verdict.Unknown("the name to bind as is empty, which binds as nobody");
        }
        try (LDAPConnection connection = servers.getConnection()) {
            connection.bind(new SimpleBindRequest(name, password.toByteArray()));
            return new Verdict.Known(login.user());
        } catch (LDAPException e) {
            if (REFUSALS.contains(e.getResultCode())) {
                return new Verdict.Unknown("bind as \"%s\": %s".formatted(name, text(e)));
            }
            throw new AuthorityException("LDAP: bind as \"%s\": %s".formatted(name, text(e)));
        }
    }

    private LDAPConnectionPool searchers() {
        LDAPConnectionPool pool = searchers;
        if (pool == null) {
            throw new IllegalStateException("nothing is searched for");
        }
        return pool;
    }

    /** What a server or the library says, on one line. */
    static String text(Exception failure) {
        String code =
                failure instanceof LDAPException ldap ? ldap.getResultCode().getName() + ": " : "";
        String text = (code + failure.getMessage()).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "...";
    }

    /** Closes the connections of searches, after which none succeeds. */
    @Override
    public void close() {
        if (searchers != null) {
            searchers.close();
        }
    }
}
