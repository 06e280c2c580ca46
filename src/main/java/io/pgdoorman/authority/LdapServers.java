package io.pgdoorman.authority;

import com.unboundid.ldap.sdk.ExtendedResult;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.ServerSet;
import com.unboundid.ldap.sdk.extensions.StartTLSExtendedRequest;

import io.pgdoorman.config.LdapOptions;
import io.pgdoorman.config.LdapOptions.Encryption;
import io.pgdoorman.config.LdapOptions.Server;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import javax.net.SocketFactory;

/**
 * The servers of a directory: the first that takes a connection gets it, encrypted if it has to be.
 * One that did not is asked last for a while, so that not every login waits for it. Threads: any.
 */
final class LdapServers extends ServerSet {
    private static final long FAILED_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final List<Server> servers;
    private final Encryption encryption;
    private final LdapTrust trust;
    private final LdapAuthority.Limits limits;

    /** Until when a server is asked last. */
    private final Map<Server, Long> failing = new ConcurrentHashMap<>();

    LdapServers(LdapOptions options, LdapAuthority.Limits limits) {
        this.servers = options.servers();
        this.encryption = options.encryption();
        this.trust = new LdapTrust(options.authorities());
        this.limits = limits;
    }

    @Override
    public LDAPConnection getConnection() throws LDAPException {
        var reasons = new ArrayList<String>();
        for (Server server : inOrder()) {
            try {
                LDAPConnection connection = connect(server);
                failing.remove(server);
                return connection;
            } catch (LDAPException | AuthorityException e) {
                failing.put(server, System.nanoTime() + FAILED_NANOS);
                reasons.add("%s: %s".formatted(server, LdapAuthority.text(e)));
            }
        }
        throw new LDAPException(ResultCode.CONNECT_ERROR, String.join("; ", reasons));
    }

    private List<Server> inOrder() {
        long now = System.nanoTime();
        var order = new ArrayList<Server>(servers.size());
        var last = new ArrayList<Server>();
        for (Server server : servers) {
            Long until = failing.get(server);
            (until == null || until - now < 0 ? order : last).add(server);
        }
        order.addAll(last);
        return order;
    }

    private LDAPConnection connect(Server server) throws LDAPException, AuthorityException {
        SocketFactory sockets = encryption == Encryption.LDAPS ? tls() : SocketFactory.getDefault();
        var connection =
                new LDAPConnection(sockets, connectionOptions(), server.host(), server.port());
        if (encryption == Encryption.START_TLS) {
            try {
                ExtendedResult answer =
                        connection.processExtendedOperation(new StartTLSExtendedRequest(tls()));
                if (!answer.getResultCode().equals(ResultCode.SUCCESS)) {
                    throw new LDAPException(answer);
                }
            } catch (LDAPException | AuthorityException e) {
                connection.close();
                throw e;
            }
        }
        return connection;
    }

    private LdapSockets tls() throws AuthorityException {
        return new LdapSockets(trust.sockets(), limits.connect());
    }

    private LDAPConnectionOptions connectionOptions() {
        var options = new LDAPConnectionOptions();
        options.setConnectTimeoutMillis((int) limits.connect().toMillis());
        options.setResponseTimeoutMillis(limits.answer().toMillis());
        options.setFollowReferrals(false);
        options.setUseSynchronousMode(true); // without it each connection has a thread that reads
        options.setUseSchema(false);
        options.setAllowConcurrentSocketFactoryUse(true);
        return options;
    }
}
