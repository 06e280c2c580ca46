package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ParameterStatus;

import org.jspecify.annotations.Nullable;

/**
 * The reported parameters as one client sees them, and how a server is brought to them: its own
 * settings hold on whatever server it meets.
 *
 * <p>What a session cannot set (server_version, in_hot_standby, ...) goes the other way: the client
 * is told what its new server reports.
 *
 * <p>Servers do not log in with a client's application_name, or each name would need servers of its
 * own; it is set when they meet. So RESET application_name goes back to the pool's name, and that
 * is how it is recognised: the client means its own.
 *
 * <p>Threads: confined to the client's loop.
 */
final class ClientParameters {
    static final String APPLICATION_NAME = "application_name";

    private final Channel client;
    private final ParameterInterner interner;
    private final String ownApplicationName;
    private final String poolApplicationName;
    private ParameterSet current;

    /** What the linked server was sent the statements for; null when it has answered. */
    private @Nullable ParameterSet requested;

    /**
     * @param ownApplicationName as in the client's startup packet
     * @param poolApplicationName what servers log in with
     */
    ClientParameters(
            Channel client,
            ParameterInterner interner,
            ParameterSet current,
            String ownApplicationName,
            String poolApplicationName) {
        this.client = client;
        this.interner = interner;
        this.current = current;
        this.ownApplicationName = ownApplicationName;
        this.poolApplicationName = poolApplicationName;
    }

    ParameterSet current() {
        return current;
    }

    /** The linked server was asked for a change, and its report has not been looked at yet. */
    boolean isRequested() {
        return requested != null;
    }

    void restoreRequested() {
        requested = current;
    }

    /** Before a message of the client: returns whether something was written to the server. */
    boolean synchronise(Server server) {
        ParameterSet theirs = server.parameters();
        if (theirs.isSame(current)
                || !server.replies().isSettled()
                || server.status() == TransactionStatus.FAILED) {
            return false;
        }
        if (theirs.equals(current)) {
            server.shareParameters(current);
            return false;
        }
        ParameterSet wanted = current;
        for (int i = 0; i < theirs.size(); i++) {
            String name = theirs.name(i);
            String value = theirs.value(i);
            if (!Server.isSettable(name) && !value.equals(current.get(name))) {
                wanted = wanted.with(name, value);
                ClientOutput.write(client, new ParameterStatus(name, value));
            }
        }
        current = interner.intern(wanted);
        requested = current;
        server.synchronise(current);
        return true;
    }

    /**
     * PostgreSQL may report a value in another form than it was set: the client's takes that over.
     */
    void onSettled(Server server) {
        ParameterSet asked = requested;
        requested = null;
        if (asked == null || !asked.isSame(current) || server.parameters().isSame(current)) {
            return;
        }
        ParameterSet theirs = interner.intern(server.parameters());
        for (int i = 0; i < theirs.size(); i++) {
            if (!theirs.value(i).equals(current.get(theirs.name(i)))) {
                ClientOutput.write(client, new ParameterStatus(theirs.name(i), theirs.value(i)));
            }
        }
        server.shareParameters(theirs);
        current = theirs;
    }

    /** The linked server reports a new value; returns whether its message goes to the client. */
    boolean onReported(String name, String value) {
        boolean reset =
                name.equals(APPLICATION_NAME)
                        && value.equals(poolApplicationName)
                        && !value.equals(ownApplicationName);
        requested = null; // what the server reports now is the client's doing
        if (!reset) {
            set(name, value);
        } else if (!ownApplicationName.equals(current.get(name))) {
            set(name, ownApplicationName);
            ClientOutput.write(client, new ParameterStatus(name, ownApplicationName));
        }
        return !reset;
    }

    private void set(String name, String value) {
        ParameterSet changed = current.with(name, value);
        if (!changed.isSame(current)) {
            current = interner.intern(changed);
        }
    }
}
