package io.pgdoorman.pool;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.backend.LoginFailure;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.backend.ServerOwner;
import io.pgdoorman.backend.ServerSource;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * PostgreSQL for tests of what is above it: logins and cancel requests wait until the test answers
 * them, servers are channels without a socket.
 */
public final class FakeServers implements ServerSource {
    /** A login that waits for its answer. */
    public record Login(
            EventLoop loop, ParameterSet profile, ServerOwner owner, LoginListener to) {}

    /** A cancel request that waits for its end. */
    public record Cancel(Server server, Runnable onDone) {}

    public final List<Login> logins = new ArrayList<>();
    public final List<Cancel> cancels = new ArrayList<>();
    public final List<Server> made = new ArrayList<>();
    public final List<ServerCredential> learned = new ArrayList<>();
    public final ParameterInterner interner = new ParameterInterner();

    /** Logins succeed by themselves. */
    public boolean willing;

    public boolean rehearse;
    public long lifetimeNanos = Long.MAX_VALUE;
    public long idleNanos = Long.MAX_VALUE;
    public int moves;
    public ParameterSet reported =
            interner.intern(ParameterSet.of(Map.of("TimeZone", "UTC", "server_version", "18.1")));

    private final List<TestChannel> channels = new ArrayList<>();

    // ---- what the test does -------------------------------------------------------------------

    /** The oldest login succeeds. */
    public Server accept() {
        return accept(logins.removeFirst());
    }

    private Server accept(Login login) {
        var channel = new TestChannel();
        channels.add(channel);
        var identity =
                new ServerIdentity(
                        channels.size(),
                        "alice@shop",
                        channel.localAddress(),
                        CancelKey.of(channels.size(), new byte[] {1, 2, 3, 4}),
                        login.profile(),
                        System.nanoTime(),
                        lifetimeNanos,
                        idleNanos);
        var server = new Server(identity, channel, reported, login.owner());
        channel.pipeline().addLast(new ServerHandler(server, rehearse));
        made.add(server);
        login.to().onServer(server);
        return server;
    }

    /** The oldest login fails. */
    public void refuse(LoginFailure failure) {
        logins.removeFirst().to().onFailure(failure);
    }

    /** The oldest cancel request is through. */
    public void finishCancel() {
        cancels.removeFirst().onDone().run();
    }

    /** PostgreSQL answers what the pooler itself has sent. */
    public void answerAll() {
        for (TestChannel channel : List.copyOf(channels)) {
            if (channel.isOpen()) {
                answer(channel);
            }
        }
    }

    private static void answer(TestChannel channel) {
        for (Message message : channel.received()) {
            switch (message.type()) {
                case 'Q' -> channel.send(Backend.commandComplete("OK"), Backend.readyForQuery('I'));
                case 'S' -> channel.send(Backend.readyForQuery('I'));
                case 'f' -> channel.send(Backend.error("57014", "COPY from stdin failed"));
                default -> {} // Terminate
            }
        }
    }

    public static TestChannel channelOf(Server server) {
        return (TestChannel) server.channel();
    }

    /** Frees what nobody took. */
    public void dispose() {
        channels.forEach(TestChannel::dispose);
    }

    public static LoginFailure failure(LoginFailure.Kind kind, String sqlState, String message) {
        return new LoginFailure(kind, ErrorResponse.of(Severity.FATAL, sqlState, message));
    }

    public static LoginFailure unreachable() {
        return failure(
                LoginFailure.Kind.UNREACHABLE, SqlState.CONNECTION_FAILURE, "connection refused");
    }

    public static LoginFailure noSuchDatabase() {
        return failure(LoginFailure.Kind.REFUSED, "3D000", "database \"shop\" does not exist");
    }

    // ---- ServerSource -------------------------------------------------------------------------

    @Override
    public void logIn(
            EventLoop loop, ParameterSet profile, ServerOwner owner, LoginListener listener) {
        var login = new Login(loop, profile, owner, listener);
        if (willing) {
            loop.execute(() -> accept(login));
        } else {
            logins.add(login);
        }
    }

    @Override
    public void move(Server server, EventLoop target, Consumer<Server> onMoved) {
        moves++;
        target.execute(() -> onMoved.accept(server));
    }

    @Override
    public void cancel(Server server, Runnable onDone) {
        cancels.add(new Cancel(server, onDone));
    }

    @Override
    public ParameterSet defaultProfile() {
        return ParameterSet.EMPTY;
    }

    @Override
    public ParameterSet profileOf(ParameterSet startup) {
        return interner.intern(startup);
    }

    @Override
    public void learn(ServerCredential proved) {
        learned.add(proved);
    }

    @Override
    public String endpoint() {
        return "nowhere:5432";
    }
}
