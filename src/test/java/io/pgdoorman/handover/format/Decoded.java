package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.session.MovingSession;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Batches that were read, compared with those that were written. */
final class Decoded {
    private Decoded() {}

    static Batch decode(Batch.Encoded encoded) throws FormatException {
        return decode(encoded.bytes(), encoded.fds());
    }

    static Batch decode(byte[] bytes, int[] fds) throws FormatException {
        return Batch.decode(bytes, fds, new ParameterInterner(), Samples.NOW);
    }

    /** All fields of all records are equal, arrays by their content. */
    static void assertSame(Batch actual, Batch expected) {
        assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
        assertThat(scopes(actual)).isEqualTo(scopes(expected));
    }

    /** Addresses are equal whatever their scope is. */
    private static List<Integer> scopes(Batch batch) {
        return Stream.concat(
                        batch.sessions().stream()
                                .map(session -> session.state().server())
                                .filter(Objects::nonNull),
                        batch.servers().stream().map(server -> server.state()))
                .map(FrozenServer::identity)
                .map(ServerIdentity::address)
                .map(
                        address ->
                                address instanceof InetSocketAddress tcp
                                                && tcp.getAddress() instanceof Inet6Address six
                                        ? six.getScopeId()
                                        : 0)
                .toList();
    }

    /** The descriptors the batch owns, in no order. */
    static List<Integer> fds(Batch batch) {
        return Stream.of(
                        batch.sessions().stream().map(MovingSession::client),
                        batch.sessions().stream()
                                .map(MovingSession::server)
                                .filter(Objects::nonNull),
                        batch.logins().stream().map(login -> login.client()),
                        batch.consoles().stream().map(console -> console.client()),
                        batch.servers().stream().map(server -> server.socket()))
                .flatMap(sockets -> sockets)
                .map(DetachedSocket::fd)
                .toList();
    }
}
