package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.tls.TlsContext.PeerCertificate;
import io.pgdoorman.tls.TlsContext.Terms;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

class HandshakeTest {
    private static final int NEW_SESSION_TICKET = 4;
    private static final int CERTIFICATE = 11;

    @TempDir Path home;

    private TlsFiles files(String name) throws TlsFilesException {
        return TlsFiles.read(
                TlsPaths.of(
                        Certificates.copy(name + ".crt", home),
                        Certificates.copy(name + ".key", home),
                        Optional.empty()));
    }

    private TlsFiles files(Optional<String> own, String crl) throws TlsFilesException {
        return TlsFiles.read(
                new TlsPaths(
                        own.map(name -> Certificates.copy(name + ".crt", home)),
                        own.map(name -> Certificates.copy(name + ".key", home)),
                        Optional.of(Certificates.copy("revoking-ca.crt", home)),
                        crl.isEmpty()
                                ? Optional.empty()
                                : Optional.of(Certificates.copy(crl, home)),
                        Optional.empty()));
    }

    private static TlsContext ofClients(TlsFiles files) throws TlsFilesException {
        return TlsContext.forClients(files, List.of(), PeerCertificate.NONE, Terms.ALL);
    }

    /** For clients with a certificate of the authority that revokes. */
    private TlsContext ofTrusted(String crl) throws TlsFilesException {
        return TlsContext.forClients(
                files(Optional.of("server"), crl), List.of(), PeerCertificate.TRUSTED, Terms.ALL);
    }

    private static TlsContext ofServers(TlsFiles files) throws TlsFilesException {
        return TlsContext.forServers(
                files,
                files.authorities().isEmpty() ? PeerCertificate.NONE : PeerCertificate.TRUSTED);
    }

    private static final TlsFiles NOTHING = nothing();

    private static TlsFiles nothing() {
        try {
            return TlsFiles.read(
                    new TlsPaths(
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()));
        } catch (TlsFilesException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 100, Integer.MAX_VALUE})
    void endsHoweverItIsCut(int size) throws TlsFilesException {
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);
            pair.client.begin(ofServers(NOTHING), "db.example.org", Unpooled.EMPTY_BUFFER);

            pair.exchange(size);

            assertThat(pair.server.secure().records().serverName()).isEqualTo("db.example.org");
            assertThat(pair.client.secure().peer()).isEqualTo(pair.server.secure().own());
            assertThat(pair.tell("SELECT 1")).isEqualTo("SELECT 1");
        }
    }

    @Test
    void contentBehindTheHandshakeIsNotLost() throws TlsFilesException {
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);
            pair.client.begin(ofServers(NOTHING), "x", Unpooled.EMPTY_BUFFER);
            TlsPair.carry(pair.client.channel, pair.server.channel, Integer.MAX_VALUE);
            TlsPair.carry(pair.server.channel, pair.client.channel, Integer.MAX_VALUE);
            pair.client.channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {42}));

            ByteBuf all = Unpooled.buffer();
            for (ByteBuf o = pair.client.channel.readOutbound();
                    o != null;
                    o = pair.client.channel.readOutbound()) {
                all.writeBytes(o);
                o.release();
            }
            pair.server.channel.writeInbound(all);

            pair.server.secure();
            ByteBuf content = pair.server.channel.readInbound();
            assertThat(content.readByte()).isEqualTo((byte) 42);
            content.release();
        }
    }

    @Test
    void anUnansweredOneBeginsAgainElsewhere() throws TlsFilesException {
        try (var pair = new TlsPair();
                var elsewhere = new TlsPair()) {
            TlsContext context = ofClients(files("server"));
            pair.server.begin(context, "", Unpooled.EMPTY_BUFFER);
            pair.client.begin(ofServers(NOTHING), "x", Unpooled.EMPTY_BUFFER);
            ByteBuf hello = pair.client.channel.readOutbound();
            pair.server.channel.writeInbound(hello.readBytes(40));
            byte[] said = Handshake.of(pair.server.channel).giveUp();

            ByteBuf first = Unpooled.copiedBuffer(Unpooled.wrappedBuffer(said), hello);
            hello.release();
            elsewhere.server.begin(context, "", first);
            TlsPair.carry(elsewhere.server.channel, pair.client.channel, Integer.MAX_VALUE);
            TlsPair.carry(pair.client.channel, elsewhere.server.channel, Integer.MAX_VALUE);

            elsewhere.server.secure();
            pair.client.secure();
        }
    }

    @Test
    void aConnectionThatEndsHasFailed() throws TlsFilesException {
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);
            pair.client.begin(ofServers(NOTHING), "x", Unpooled.EMPTY_BUFFER);
            TlsPair.carry(pair.client.channel, pair.server.channel, Integer.MAX_VALUE);

            pair.server.channel.close().syncUninterruptibly();

            assertThat(pair.server.failed()).contains("closed during the handshake");
        }
    }

    @Test
    void nothingIsWrittenBeforeItsEnd() throws TlsFilesException {
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);

            var written = pair.server.channel.writeAndFlush(Unpooled.copiedBuffer(new byte[] {1}));

            assertThat(written.isSuccess()).isFalse();
            assertThat(pair.server.channel.<Object>readOutbound()).isNull();
        }
    }

    // ---- names ----------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "one.example.org, named",
        "ONE.Example.org, named",
        "any.wild.example.org, named",
        "a.b.wild.example.org, server",
        "wild.example.org, server",
        "localhost, server",
        "other.example.org, server",
        "127.0.0.1, server"
    })
    void showsTheCertificateThatIsAskedFor(String asked, String shown) throws TlsFilesException {
        TlsContext context =
                TlsContext.forClients(
                        files("server"), List.of(files("named")), PeerCertificate.NONE, Terms.ALL);
        try (var pair = new TlsPair().run(ofServers(NOTHING), asked, context)) {
            assertThat(pair.client.secure().peer())
                    .contains(files(shown).chain().getFirst())
                    .isEqualTo(pair.server.secure().own());
        }
    }

    // ---- versions and suites --------------------------------------------------------------------

    @Test
    void anOldVersionIsRefused() throws TlsFilesException {
        TlsContext modern = withTerms(new Terms(true, TlsSuite.ofTls12(), 0));

        assertThat(heard(modern, JdkClient.offers("TLSv1.2"))).contains("protocol_version");
        try (var pair = new TlsPair().run(ofServers(NOTHING), "x", modern)) {
            assertThat(pair.server.secure().records().suite().isTls13()).isTrue();
        }
    }

    @Test
    void aSuiteThatIsNotListedIsRefused() throws TlsFilesException {
        TlsSuite listed = TlsSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
        TlsContext one = withTerms(new Terms(false, List.of(listed), 0));
        SSLParameters offers = JdkClient.offers("TLSv1.2");
        offers.setCipherSuites(
                new String[] {TlsSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.name()});

        assertThat(heard(one, offers)).contains("handshake_failure");
        try (var pair = new TlsPair()) {
            pair.server.begin(one, "", Unpooled.EMPTY_BUFFER);
            new JdkClient(JdkClient.context(), JdkClient.offers("TLSv1.2")).run(pair.server);
            assertThat(pair.server.secure().records().suite()).isEqualTo(listed);
        }
    }

    @Test
    void aClientWithoutACommonGroupHearsSo() throws TlsFilesException {
        SSLParameters offers = JdkClient.offers("TLSv1.3");
        offers.setNamedGroups(new String[] {"ffdhe2048"});

        assertThat(heard(ofClients(files("server")), offers)).contains("handshake_failure");
    }

    /** BoringSSL's client does not offer to check such signatures. */
    @Test
    void aServerWithAKeyThatIsNotSupportedIsExplained() throws TlsFilesException {
        TlsContext context = ofClients(files("server-p521"));
        try (var pair = new TlsPair().run(ofServers(NOTHING), "x", context)) {
            assertThat(pair.client.failed())
                    .contains("handshake_failure")
                    .contains("Ed25519 or P-521 are not supported");
        }
    }

    /** BoringSSL puts no reason into its queue then. */
    @Test
    void aMangledExtensionIsCalledMalformed() throws TlsFilesException {
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);
            pair.client.begin(ofServers(NOTHING), "x", Unpooled.EMPTY_BUFFER);
            ByteBuf hello = pair.client.channel.readOutbound();
            ByteBuf versions = Unpooled.wrappedBuffer(new byte[] {0, 43, 0, 5});
            hello.setShort(ByteBufUtil.indexOf(versions, hello), 0); // a server name that is none

            pair.server.channel.writeInbound(hello);

            assertThat(pair.server.failed())
                    .isEqualTo("the peer sent a malformed handshake message");
        }
    }

    private TlsContext withTerms(Terms terms) throws TlsFilesException {
        return TlsContext.forClients(files("server"), List.of(), PeerCertificate.NONE, terms);
    }

    /** What a client hears that offers these; the server fails and closes. */
    private static String heard(TlsContext server, SSLParameters offers) {
        try (var pair = new TlsPair()) {
            pair.server.begin(server, "", Unpooled.EMPTY_BUFFER);

            var client = new JdkClient(JdkClient.context(), offers).run(pair.server);

            assertThat(pair.server.result).isNull();
            assertThat(pair.server.channel.isOpen()).isFalse();
            return client.failed() + "; server: " + pair.server.failed();
        }
    }

    @Test
    void anotherClientWaitsForItsTurnAndIsNotRefused() throws TlsFilesException {
        TlsContext slow =
                TlsContext.forClients(
                        files("server"),
                        List.of(),
                        PeerCertificate.NONE,
                        new Terms(false, TlsSuite.ofTls12(), TimeUnit.HOURS.toNanos(1)));
        try (var pair = new TlsPair()) {
            HandshakeGate gate = slow.gate(pair.server.channel.eventLoop());
            assertThat(gate.enter(new Gone(), true)).isTrue();

            pair.run(ofServers(NOTHING), "x", slow);

            assertThat(pair.server.result).isNull();
            assertThat(pair.server.failure).isNull();
            assertThat(Handshake.of(pair.server.channel).isMovable()).isTrue();
            pair.server.channel.writeInbound(Unpooled.buffer().writeZero(70_000));
            assertThat(pair.server.failed()).contains("goes on before it is answered");
        }
    }

    private static final class Gone implements HandshakeGate.Waiting {
        @Override
        public void resume() {}

        @Override
        public boolean isOver() {
            return true;
        }
    }

    // ---- protocols ------------------------------------------------------------------------------

    @Test
    void aClientOfAnotherProtocolIsRefused() throws TlsFilesException {
        assertThat(
                        heard(
                                ofClients(files("server")),
                                JdkClient.offersAlpn("http/1.1", "postgresql2")))
                .contains("no_application_protocol")
                .contains("does not offer the protocol postgresql");
    }

    @ParameterizedTest
    @CsvSource({"h2 postgresql, postgresql", "'', ''"})
    void agreesOnItsOwnProtocolOrOnNone(String offered, String agreed) throws TlsFilesException {
        String[] names = offered.isEmpty() ? new String[0] : offered.split(" ", -1);
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);

            new JdkClient(JdkClient.context(), JdkClient.offersAlpn(names)).run(pair.server);

            assertThat(pair.server.secure().protocol()).isEqualTo(agreed);
        }
    }

    /** It could have pushed out what tells of its protocols. */
    @Test
    void moreThanAHelloBeforeItsAnswerIsRefused() throws TlsFilesException {
        try (var pair = new TlsPair()) {
            pair.server.begin(ofClients(files("server")), "", Unpooled.EMPTY_BUFFER);
            pair.client.begin(ofServers(NOTHING), "x", Unpooled.EMPTY_BUFFER);
            ByteBuf hello = pair.client.channel.readOutbound();

            pair.server.channel.writeInbound(
                    Unpooled.wrappedBuffer(hello, Unpooled.buffer().writeZero(70_000)));

            assertThat(pair.server.failed()).contains("goes on before it is answered");
        }
    }

    // ---- sessions -------------------------------------------------------------------------------

    /** With a ticket it would not be asked for its certificate again, which may have expired. */
    @Test
    void aSessionIsNotResumed() throws TlsFilesException {
        TlsContext context = ofClients(files("server"));
        SSLContext remembers = JdkClient.context();
        try (var first = new TlsPair();
                var second = new TlsPair()) {
            first.server.begin(context, "", Unpooled.EMPTY_BUFFER);
            var before = new JdkClient(remembers, JdkClient.offers("TLSv1.2")).run(first.server);
            first.server.secure();

            second.server.begin(context, "", Unpooled.EMPTY_BUFFER);
            var client = new JdkClient(remembers, JdkClient.offers("TLSv1.2")).run(second.server);

            second.server.secure();
            assertThat(before.messages()).doesNotContain(NEW_SESSION_TICKET);
            assertThat(client.messages()).contains(CERTIFICATE).doesNotContain(NEW_SESSION_TICKET);
        }
    }

    // ---- unknown authorities --------------------------------------------------------------------

    @Test
    void aClientOfAnUnknownAuthorityHearsThatItIsUnknown() throws TlsFilesException {
        TlsContext strict = ofTrusted("");
        try (var pair = new TlsPair().run(ofServers(files("client")), "x", strict)) {
            assertThat(pair.server.failed())
                    .contains(
                            "CN=app,O=tests, issued by CN=pg_doorman test ca, is of no authority in tls_ca_cert");
            assertThat(pair.client.failed()).contains("the peer sent the alert unknown_ca");
        }
    }

    @Test
    void aServerOfAnUnknownAuthorityHearsThatItIsUnknown() throws TlsFilesException {
        TlsContext trusting = ofServers(files(Optional.empty(), ""));
        try (var pair = new TlsPair().run(trusting, "x", ofClients(files("server")))) {
            assertThat(pair.client.failed()).contains("is of no authority in server_tls_ca_cert");
            assertThat(pair.server.failed()).contains("UNKNOWN_CA");
        }
    }

    // ---- revoked certificates -------------------------------------------------------------------

    @Test
    void aRevokedClientIsRefused() throws TlsFilesException {
        TlsContext strict = ofTrusted("revoking-ca.crl");
        try (var pair = new TlsPair().run(ofServers(files("revoked")), "x", strict)) {
            assertThat(pair.server.failed())
                    .contains("CN=revoked")
                    .contains("was revoked at 20")
                    .contains("KEY_COMPROMISE");
            assertThat(pair.client.failed()).contains("the alert certificate_revoked");
            assertThat(pair.server.channel.isOpen()).isFalse();
        }
        try (var pair = new TlsPair().run(ofServers(files("good")), "x", strict)) {
            pair.server.secure();
        }
    }

    @Test
    void aRevokedServerIsRefused() throws TlsFilesException {
        TlsContext context = ofClients(files("revoked"));
        try (var pair =
                new TlsPair()
                        .run(ofServers(files(Optional.empty(), "revoking-ca.crl")), "x", context)) {
            assertThat(pair.client.failed()).contains("was revoked at 20");
            // In TLS 1.3 the alert is encrypted, and BoringSSL says its name.
            assertThat(pair.server.failed()).contains("CERTIFICATE_REVOKED");
        }
        try (var pair = new TlsPair().run(ofServers(files(Optional.empty(), "")), "x", context)) {
            pair.client.secure();
        }
    }

    @Test
    void anAuthorityWithoutAListIsNotTaken() throws TlsFilesException {
        TlsContext context = ofClients(files("good"));
        try (var pair =
                new TlsPair()
                        .run(ofServers(files(Optional.empty(), "unknown-ca.crl")), "x", context)) {
            assertThat(pair.client.failed()).contains("there is no revocation list of CN=");
        }
    }

    @Test
    void anExpiredListStillCountsAndIsWarnedOf() throws TlsFilesException {
        TlsFiles expired = files(Optional.empty(), "revoking-ca-expired.crl");

        assertThat(expired.warnings())
                .singleElement()
                .asString()
                .contains("revoking-ca-expired.crl: the revocation list of CN=")
                .contains("expired at 2021");
        try (var pair = new TlsPair().run(ofServers(expired), "x", ofClients(files("revoked")))) {
            assertThat(pair.client.failed()).contains("was revoked");
        }
        try (var pair = new TlsPair().run(ofServers(expired), "x", ofClients(files("good")))) {
            pair.client.secure();
        }
    }
}
