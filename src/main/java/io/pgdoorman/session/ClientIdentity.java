package io.pgdoorman.session;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.log.LogSubject;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.ProtocolVersion;

/**
 * What of a client never changes after its login.
 *
 * <p>Threads: immutable.
 *
 * @param id number of the connection in this pooler, also the process ID of {@code cancelKey}
 * @param address {@code ip:port}, or {@code unix} for a Unix socket
 * @param cancelKey what the client was given in BackendKeyData
 * @param profile the startup parameters its servers log in with
 * @param applicationName as in the startup packet; the pool's name for it if the client had none
 */
public record ClientIdentity(
        int id,
        String database,
        String user,
        String address,
        CancelKey cancelKey,
        ProtocolVersion protocol,
        ParameterSet profile,
        String applicationName)
        implements LogSubject {
    @Override
    public String pool() {
        return user + "@" + database;
    }

    @Override
    public boolean isKnown() {
        return true;
    }

    /** The prefix of every log line about this client. */
    @Override
    public String toString() {
        return "[" + user + "@" + database + " #c" + id + "]";
    }
}
