package io.pgdoorman.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Settings of the whole process, by topic. What a pool can override is not here: each {@link
 * PoolConfig} holds the value that counts for it.
 *
 * <p>Threads: immutable.
 *
 * @param hba who may log in from where; holds for Unix sockets too
 */
public record GeneralConfig(
        Listen listen,
        Tcp tcp,
        Tls tls,
        HbaRules hba,
        Admin admin,
        Memory memory,
        Housekeeping housekeeping,
        QueryInterner queryInterner,
        Logging logging,
        Process process) {

    /**
     * Where clients connect, and what holds before their login.
     *
     * @param host name or address, IPv4 or IPv6
     * @param port also part of the Unix socket's name
     * @param backlog effective: {@code max_connections} when the file says 0
     * @param maxConnections clients at one time, exactly
     * @param loginTimeout from accept to the end of the login
     * @param failedLoginDelay longest delay of a refusal; zero: none
     * @param unixSocketMode permission bits, 0 to 0777
     * @param unixSocketBufferSize bytes, 0 leaves the kernel's choice
     */
    public record Listen(
            String host,
            int port,
            int backlog,
            int maxConnections,
            Duration loginTimeout,
            Duration failedLoginDelay,
            Optional<Path> unixSocketDir,
            int unixSocketMode,
            int unixSocketBufferSize) {}

    /**
     * Options of TCP sockets, on both sides.
     *
     * @param keepalivesIdle whole seconds; zero leaves the kernel's choice, as for the next two
     * @param soLinger always on, whole seconds; zero resets the connection at close
     * @param userTimeout how long a peer may owe an acknowledgement; zero is no limit
     * @param socketBufferSize bytes, 0 leaves the kernel's autotuning
     */
    public record Tcp(
            Duration keepalivesIdle,
            Duration keepalivesInterval,
            int keepalivesCount,
            Duration soLinger,
            boolean noDelay,
            Duration userTimeout,
            int socketBufferSize) {}

    /**
     * TLS towards clients.
     *
     * @param certificate present exactly when {@code privateKey} is
     * @param crl certificates of clients that are not taken any more
     * @param passphraseCommand writes the passphrase of a private key
     * @param more further certificates, by the name a client asks for
     * @param cipherSuites of TLS 1.2
     * @param rateLimitPerSecond handshakes, 0 is no limit
     */
    public record Tls(
            TlsMode mode,
            Optional<Path> certificate,
            Optional<Path> privateKey,
            Optional<Path> caCert,
            Optional<Path> crl,
            Optional<Secret> passphraseCommand,
            List<TlsCertificateConfig> more,
            TlsVersion minVersion,
            List<TlsCipherSuite> cipherSuites,
            int rateLimitPerSecond) {}

    /**
     * The account of the admin console and of the web endpoint.
     *
     * @param adminUsers further users of the console
     * @param statsUsers those who may only look
     */
    public record Admin(
            String username, Secret password, List<String> adminUsers, List<String> statsUsers) {
        public Admin {
            adminUsers = List.copyOf(adminUsers);
            statsUsers = List.copyOf(statsUsers);
        }
    }

    /**
     * Bounds of what passes through.
     *
     * @param maxMemoryUsage bytes of client messages being read at one time
     * @param proxyCopyDataTimeout longest time a peer that does not read may hold the other side
     * @param poolerCheckQuery a simple query with exactly this text is answered without a server
     */
    public record Memory(
            long maxMemoryUsage, Duration proxyCopyDataTimeout, String poolerCheckQuery) {}

    /**
     * The periodic care of all pools.
     *
     * @param retainConnectionsTime period, positive
     * @param retainConnectionsMax servers closed per period over all pools, 0 is no limit
     */
    public record Housekeeping(Duration retainConnectionsTime, int retainConnectionsMax) {}

    /**
     * Shared texts of prepared statements.
     *
     * @param anonIdleTtl zero keeps anonymous texts forever
     */
    public record QueryInterner(Duration gcInterval, Duration anonIdleTtl) {}

    /**
     * What is logged; level and format are command-line options.
     *
     * @param logSlowCheckouts waits for a server that are logged, from this length on; zero: none
     * @param logSlowQueries the same for queries
     * @param auditLog each login
     * @param syslogProgName log to syslog under this name, not to standard error
     * @param syslogSocket where it listens; empty for the usual places
     */
    public record Logging(
            boolean logClientConnections,
            boolean logClientDisconnections,
            Duration logSlowCheckouts,
            Duration logSlowQueries,
            boolean auditLog,
            Optional<String> syslogProgName,
            Optional<Path> syslogSocket) {}

    /**
     * The process itself.
     *
     * @param workerThreads event loops, 1 or more
     * @param shutdownTimeout how long a graceful stop waits for clients
     * @param daemonPidFile written only in daemon mode
     * @param upgradeSocket where a successor started by somebody else may connect
     */
    public record Process(
            int workerThreads,
            boolean workerCpuAffinityPinning,
            Transport transport,
            Duration shutdownTimeout,
            Path daemonPidFile,
            Optional<Path> upgradeSocket) {}
}
