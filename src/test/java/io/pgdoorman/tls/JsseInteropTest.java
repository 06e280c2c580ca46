package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.tls.TlsContext.PeerCertificate;
import io.pgdoorman.tls.TlsContext.Terms;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

import javax.net.ssl.KeyManager;

/** Each suite with JSSE at the other end, from the first byte of the handshake to the last. */
class JsseInteropTest {
    private static final int ALERT = 21;

    @TempDir Path home;

    private final Random random = new Random(8446);

    private static String certificate(TlsSuite suite) {
        return suite.name().contains("_RSA_") ? "server-rsa" : "server";
    }

    private TlsContext ofClients(TlsSuite suite) throws TlsFilesException {
        String name = certificate(suite);
        TlsFiles files =
                TlsFiles.read(
                        TlsPaths.of(
                                Certificates.copy(name + ".crt", home),
                                Certificates.copy(name + ".key", home),
                                Optional.empty()));
        return TlsContext.forClients(files, List.of(), PeerCertificate.NONE, Terms.ALL);
    }

    private static TlsContext ofServers() throws TlsFilesException {
        TlsFiles nothing =
                TlsFiles.read(
                        new TlsPaths(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()));
        return TlsContext.forServers(nothing, PeerCertificate.NONE);
    }

    private JsseEnd server(TlsSuite suite, TlsPair.End of) {
        KeyManager[] keys =
                Certificates.keys(
                        Certificates.copy(certificate(suite) + ".crt", home),
                        Certificates.copy(certificate(suite) + ".key", home));
        return new JsseEnd(suite, false, keys, of);
    }

    /** The records of BoringSSL are among those that are watched. */
    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void ourRecordsBeginWhereTheHandshakeOfAClientEnded(TlsSuite suite) throws Exception {
        try (var pair = new TlsPair()) {
            var jsse = new JsseEnd(suite, true, new KeyManager[0], pair.server);
            pair.server.begin(ofClients(suite), "", Unpooled.EMPTY_BUFFER);

            jsse.begin();

            goesOn(suite, pair.server, jsse);
        }
    }

    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void ourRecordsBeginWhereTheHandshakeWithAServerEnded(TlsSuite suite) throws Exception {
        try (var pair = new TlsPair()) {
            JsseEnd jsse = server(suite, pair.client);
            pair.client.begin(ofServers(), "localhost", Unpooled.EMPTY_BUFFER);

            jsse.begin();

            goesOn(suite, pair.client, jsse);
        }
    }

    private void goesOn(TlsSuite suite, TlsPair.End end, JsseEnd jsse) throws Exception {
        FrozenTls state = end.secure().records().freeze();
        assertThat(state.suite()).isEqualTo(suite.id());
        var watch = new NonceWatch(suite, state.writeSecret(), 0);
        watch.watchHandshake(jsse.written());
        assertThat(watch.seen()).hasSize((int) state.writeSequence());
        for (int round = 0; round < 3; round++) {
            byte[] content = bytes();
            end.channel.writeOutbound(Unpooled.wrappedBuffer(content));
            jsse.exchange();
            assertThat(jsse.received()).isEqualTo(content);
            elsewhere(end);
            byte[] answer = bytes();
            jsse.send(answer);
            assertThat(read(end)).isEqualTo(answer);
        }
        end.channel.close();
        jsse.exchange();
        watch.watch(jsse.written());
        assertThat(watch.again()).isEmpty();
        assertThat(watch.seen().getLast().type()).isEqualTo(ALERT);
    }

    /** JSSE sends tickets of sessions, as PostgreSQL does not: nobody has asked for them. */
    @ParameterizedTest
    @EnumSource(names = "TLS_[AC].*", mode = EnumSource.Mode.MATCH_ALL)
    void ticketsOfAServerAreNoContent(TlsSuite suite) throws Exception {
        try (var pair = new TlsPair()) {
            JsseEnd jsse = server(suite, pair.client);
            pair.client.begin(ofServers(), "localhost", Unpooled.EMPTY_BUFFER);

            jsse.begin();

            assertThat(pair.client.secure().records().freeze().readSequence()).isEqualTo(1);
            assertThat(read(pair.client)).isEmpty();
        }
    }

    private byte[] bytes() {
        byte[] bytes = new byte[1 + random.nextInt(50_000)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void elsewhere(TlsPair.End end) throws TlsException {
        TlsRecords records = TlsRecords.of(end.channel);
        FrozenTls state = records.freeze();
        end.channel.pipeline().remove(records);
        end.channel.pipeline().addFirst(new TlsRecords(state));
    }

    private static byte[] read(TlsPair.End end) {
        var all = new ByteArrayOutputStream();
        for (ByteBuf next = end.channel.readInbound();
                next != null;
                next = end.channel.readInbound()) {
            all.writeBytes(ByteBufUtil.getBytes(next));
            next.release();
        }
        return all.toByteArray();
    }
}
