package io.pgdoorman.runtime;

import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.session.SessionSettings;
import io.pgdoorman.wire.Bytes;

/** The section {@code general} in the form other packages take it. Threads: no state. */
final class Settings {
    private Settings() {}

    static SocketSettings sockets(GeneralConfig general) {
        GeneralConfig.Tcp tcp = general.tcp();
        return new SocketSettings(
                tcp.keepalivesIdle(),
                tcp.keepalivesInterval(),
                tcp.keepalivesCount(),
                tcp.soLinger(),
                tcp.noDelay(),
                tcp.socketBufferSize(),
                general.listen().unixSocketBufferSize());
    }

    static SessionSettings sessions(GeneralConfig general) {
        return new SessionSettings(
                general.listen().maxConnections(),
                general.listen().loginTimeout().toNanos(),
                general.memory().maxMemoryUsage(),
                general.memory().proxyCopyDataTimeout().toNanos(),
                Bytes.ofText(general.memory().poolerCheckQuery()),
                general.logging().logClientConnections(),
                general.logging().logClientDisconnections(),
                general.logging().logSlowCheckouts().toNanos(),
                general.logging().logSlowQueries().toNanos(),
                general.logging().auditLog(),
                general.listen().failedLoginDelay().toNanos());
    }
}
