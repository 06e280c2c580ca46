package io.pgdoorman.handover.format;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.MovingServer;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.session.FrozenConsole;
import io.pgdoorman.session.FrozenLogin;
import io.pgdoorman.session.FrozenSession;
import io.pgdoorman.session.MovingConsole;
import io.pgdoorman.session.MovingLogin;
import io.pgdoorman.session.MovingSession;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What moves in one step: sessions with their servers, logins, admin consoles, servers without a
 * client, and free permits of the limits. As a message:
 *
 * <pre>
 *   1 parameter set*   7 statement*
 *   2 session*   3 login*   4 server*   5 permits of a pool*   6 of a database*
 *   8 console*
 *   session:  1 state   2 client socket   3 server socket
 *   login:    1 state   2 client socket
 *   console:  1 state   2 client socket
 *   server:   1 state   2 socket
 *   socket:   1 number of its descriptor among those sent with the message, from 1
 *             2 unread bytes   3 unwritten bytes
 *   permits:  1 database   2 user   3 count
 * </pre>
 *
 * <p>Threads: immutable; one owner, who owns the descriptors.
 */
public record Batch(
        List<MovingSession> sessions,
        List<MovingLogin> logins,
        List<MovingConsole> consoles,
        List<MovingServer> servers,
        List<Permits> poolPermits,
        List<Permits> databasePermits) {
    /**
     * Free permits of a limit.
     *
     * @param user empty for the limit over all users of the database
     */
    public record Permits(String database, String user, int count) {}

    /**
     * A batch as it is sent.
     *
     * @param fds of all sockets, in the order of their numbers
     */
    public record Encoded(byte[] bytes, int[] fds) {
        /** Overwrites the bytes, which may hold secrets. */
        public void forget() {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static final int PARAMETER_SET = 1;
    private static final int SESSION = 2;
    private static final int LOGIN = 3;
    private static final int SERVER = 4;
    private static final int POOL_PERMITS = 5;
    private static final int DATABASE_PERMITS = 6;
    private static final int STATEMENT = 7;
    private static final int CONSOLE = 8;

    private static final int STATE = 1;
    private static final int SOCKET = 2;
    private static final int SERVER_SOCKET = 3;

    private static final int DATABASE = 1;
    private static final int USER = 2;
    private static final int COUNT = 3;

    public boolean isEmpty() {
        return sessions.isEmpty()
                && logins.isEmpty()
                && consoles.isEmpty()
                && servers.isEmpty()
                && poolPermits.isEmpty()
                && databasePermits.isEmpty();
    }

    private int sockets() {
        int linked = 0;
        for (MovingSession session : sessions) {
            linked += session.server() == null ? 0 : 1;
        }
        return sessions.size() + linked + logins.size() + consoles.size() + servers.size();
    }

    public Encoded encode() {
        return encode(System.nanoTime());
    }

    /** As if it were this time. */
    Encoded encode(long now) {
        var tables = new Tables();
        var sockets = new SocketTable();
        var body = new FieldWriter();
        for (MovingSession session : sessions) {
            var out =
                    new FieldWriter()
                            .put(STATE, SessionFormat.write(session.state(), tables, now))
                            .put(SOCKET, sockets.write(session.client()));
            DetachedSocket server = session.server();
            if (server != null) {
                out.put(SERVER_SOCKET, sockets.write(server));
            }
            body.put(SESSION, out);
        }
        for (MovingLogin login : logins) {
            body.put(
                    LOGIN,
                    new FieldWriter()
                            .put(STATE, SessionFormat.write(login.state()))
                            .put(SOCKET, sockets.write(login.client())));
        }
        for (MovingConsole console : consoles) {
            body.put(
                    CONSOLE,
                    new FieldWriter()
                            .put(STATE, ConsoleFormat.write(console.state()))
                            .put(SOCKET, sockets.write(console.client())));
        }
        for (MovingServer server : servers) {
            body.put(
                    SERVER,
                    new FieldWriter()
                            .put(STATE, ServerFormat.write(server.state(), tables, now))
                            .put(SOCKET, sockets.write(server.socket())));
        }
        poolPermits.forEach(permits -> body.put(POOL_PERMITS, write(permits)));
        databasePermits.forEach(permits -> body.put(DATABASE_PERMITS, write(permits)));
        var message = new FieldWriter();
        tables.parameters().write(message, PARAMETER_SET); // first: the others refer to them
        tables.statements().write(message, STATEMENT);
        return new Encoded(message.append(body).take(), sockets.fds());
    }

    private static FieldWriter write(Permits permits) {
        return new FieldWriter()
                .put(DATABASE, permits.database())
                .put(USER, permits.user())
                .put(COUNT, permits.count());
    }

    /**
     * Reads a batch.
     *
     * @param fds all that came with it; they stay the caller's if this fails
     */
    public static Batch decode(byte[] bytes, int[] fds, ParameterInterner interner)
            throws FormatException {
        return decode(bytes, fds, interner, System.nanoTime());
    }

    /** As if it were this time. */
    static Batch decode(byte[] bytes, int[] fds, ParameterInterner interner, long now)
            throws FormatException {
        var tables = new Tables();
        var sockets = new SocketTable(fds);
        List<MovingSession> sessions = new ArrayList<>();
        List<MovingLogin> logins = new ArrayList<>();
        List<MovingConsole> consoles = new ArrayList<>();
        List<MovingServer> servers = new ArrayList<>();
        List<Permits> poolPermits = new ArrayList<>();
        List<Permits> databasePermits = new ArrayList<>();
        var in = new FieldReader(bytes);
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case PARAMETER_SET -> tables.parameters().read(in.message(), interner);
                case STATEMENT -> tables.statements().read(in.message());
                case SESSION -> sessions.add(session(in.message(), tables, sockets, now));
                case LOGIN -> logins.add(login(in.message(), sockets));
                case CONSOLE -> consoles.add(console(in.message(), sockets));
                case SERVER -> servers.add(server(in.message(), tables, sockets, now));
                case POOL_PERMITS -> poolPermits.add(permits(in.message()));
                case DATABASE_PERMITS -> databasePermits.add(permits(in.message()));
                default -> {} // of a later version
            }
        }
        var batch = new Batch(sessions, logins, consoles, servers, poolPermits, databasePermits);
        sockets.requireAllOwned(batch.sockets());
        return batch;
    }

    private static MovingSession session(
            FieldReader in, Tables tables, SocketTable sockets, long now) throws FormatException {
        FrozenSession state = null;
        DetachedSocket client = null;
        DetachedSocket server = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case STATE -> state = SessionFormat.read(in.message(), tables, now);
                case SOCKET -> client = sockets.read(in.message());
                case SERVER_SOCKET -> server = sockets.read(in.message());
                default -> {} // of a later version
            }
        }
        if (state == null || client == null || (server == null) != (state.server() == null)) {
            throw new FormatException("a session without its sockets");
        }
        return new MovingSession(state, client, server);
    }

    private static MovingLogin login(FieldReader in, SocketTable sockets) throws FormatException {
        FrozenLogin state = null;
        DetachedSocket client = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case STATE -> state = SessionFormat.login(in.message());
                case SOCKET -> client = sockets.read(in.message());
                default -> {} // of a later version
            }
        }
        if (state == null || client == null) {
            throw new FormatException("a login without its socket");
        }
        return new MovingLogin(state, client);
    }

    private static MovingConsole console(FieldReader in, SocketTable sockets)
            throws FormatException {
        FrozenConsole state = null;
        DetachedSocket client = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case STATE -> state = ConsoleFormat.read(in.message());
                case SOCKET -> client = sockets.read(in.message());
                default -> {} // of a later version
            }
        }
        if (state == null || client == null) {
            throw new FormatException("a console without its socket");
        }
        return new MovingConsole(state, client);
    }

    private static MovingServer server(FieldReader in, Tables tables, SocketTable sockets, long now)
            throws FormatException {
        FrozenServer state = null;
        DetachedSocket socket = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case STATE -> state = ServerFormat.read(in.message(), tables, now);
                case SOCKET -> socket = sockets.read(in.message());
                default -> {} // of a later version
            }
        }
        if (state == null || socket == null) {
            throw new FormatException("a server without its socket");
        }
        return new MovingServer(state, socket);
    }

    private static Permits permits(FieldReader in) throws FormatException {
        String database = "";
        String user = "";
        int count = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case DATABASE -> database = in.text();
                case USER -> user = in.text();
                case COUNT -> count = in.integer();
                default -> {} // of a later version
            }
        }
        return new Permits(database, user, count);
    }
}
