package io.pgdoorman.handover;

import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.session.MovingSession;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;

/** Closes this process's descriptors of connections that are another's. Threads: any. */
final class Sockets {
    private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

    private Sockets() {}

    static void close(DetachedSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.warn("descriptor {} could not be closed", socket.fd(), e);
        }
    }

    static void close(MovingSession session) {
        close(session.client());
        DetachedSocket server = session.server();
        if (server != null) {
            close(server);
        }
    }

    static void close(Batch batch) {
        batch.sessions().forEach(Sockets::close);
        batch.logins().forEach(login -> close(login.client()));
        batch.consoles().forEach(console -> close(console.client()));
        batch.servers().forEach(server -> close(server.socket()));
    }
}
