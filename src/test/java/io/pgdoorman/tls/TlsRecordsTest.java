package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import javax.crypto.Cipher;

class TlsRecordsTest {
    private static final int MAX = RecordKeys.MAX_CONTENT;

    private final Random random = new Random(8446);
    private final List<EmbeddedChannel> channels = new ArrayList<>();

    @AfterEach
    void close() {
        channels.forEach(EmbeddedChannel::finishAndReleaseAll);
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /** What one end begins with; the other end's is {@link #mirrored}. */
    private FrozenTls begin(TlsSuite suite) {
        return new FrozenTls(
                suite.id(),
                bytes(suite.secretBytes()),
                suite.isTls13() ? 0 : 1,
                bytes(suite.secretBytes()),
                suite.isTls13() ? 0 : 1,
                new byte[0],
                "localhost",
                "");
    }

    private static FrozenTls mirrored(FrozenTls state) {
        return new FrozenTls(
                state.suite(),
                state.writeSecret().clone(),
                state.writeSequence(),
                state.readSecret().clone(),
                state.readSequence(),
                new byte[0],
                "",
                "");
    }

    private EmbeddedChannel channel(FrozenTls state) throws TlsException {
        var channel = new EmbeddedChannel(new TlsRecords(state));
        channels.add(channel);
        return channel;
    }

    private static byte[] drain(EmbeddedChannel channel, boolean inbound) {
        var all = new ByteArrayOutputStream();
        for (ByteBuf next = read(channel, inbound); next != null; next = read(channel, inbound)) {
            all.writeBytes(ByteBufUtil.getBytes(next));
            next.release();
        }
        return all.toByteArray();
    }

    private static ByteBuf read(EmbeddedChannel channel, boolean inbound) {
        return inbound ? channel.readInbound() : channel.readOutbound();
    }

    private static byte[] sealed(EmbeddedChannel from, byte[]... contents) {
        for (byte[] content : contents) {
            from.write(Unpooled.wrappedBuffer(content));
        }
        from.flush();
        return drain(from, false);
    }

    private static byte[] opened(EmbeddedChannel to, byte[] records) {
        to.writeInbound(Unpooled.wrappedBuffer(records));
        return drain(to, true);
    }

    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void carriesContentOfAnyLength(TlsSuite suite) throws TlsException {
        FrozenTls state = begin(suite);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));

        for (int length : new int[] {1, 100, MAX - 1, MAX, MAX + 1, 3 * MAX + 7, 100_000}) {
            byte[] content = bytes(length);

            byte[] records = sealed(one, content);

            assertThat(opened(two, records)).isEqualTo(content);
            assertThat(records.length - length)
                    .isBetween(TlsSuite.TAG_BYTES, (length / MAX + 1) * RecordKeys.MAX_OVERHEAD);
        }
    }

    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void readsRecordsInPieces(TlsSuite suite) throws TlsException {
        FrozenTls state = begin(suite);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        byte[] first = bytes(70);
        byte[] second = bytes(30);
        byte[] records = concat(sealed(one, first), sealed(one, second));
        var all = new ByteArrayOutputStream();

        for (byte piece : records) {
            all.writeBytes(opened(two, new byte[] {piece}));
        }

        assertThat(all.toByteArray()).isEqualTo(concat(first, second));
    }

    @Test
    void writesBetweenTwoFlushesShareARecord() throws TlsException {
        EmbeddedChannel one = channel(begin(TlsSuite.TLS_AES_128_GCM_SHA256));

        byte[] records = sealed(one, bytes(10), bytes(20), bytes(30));

        assertThat(records).hasSize(RecordKeys.HEADER_BYTES + 60 + 1 + TlsSuite.TAG_BYTES);
    }

    @Test
    void tellsEachWriterWhenItsBytesAreWritten() throws TlsException {
        EmbeddedChannel one = channel(begin(TlsSuite.TLS_AES_128_GCM_SHA256));

        var first = one.write(Unpooled.wrappedBuffer(bytes(10)));
        var second = one.write(Unpooled.wrappedBuffer(bytes(10)));
        assertThat(first.isDone()).isFalse();
        one.flush();

        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isSuccess()).isTrue();
    }

    /**
     * Both ends are taken to new objects after every piece of every record. An independent reader
     * that counts for itself opens each record, so each has the number after the one before.
     */
    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void goesOnElsewhereAtAnyByte(TlsSuite suite) throws TlsException {
        FrozenTls state = begin(suite);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        EmbeddedChannel watching = channel(mirrored(state));
        var sent = new ByteArrayOutputStream();
        var received = new ByteArrayOutputStream();
        for (int round = 0; round < 20; round++) {
            byte[] content = bytes(1 + random.nextInt(200));
            sent.writeBytes(content);
            byte[] records = sealed(one, content);
            assertThat(opened(watching, records)).isEqualTo(content);
            one = elsewhere(one);
            for (int at = 0; at < records.length; ) {
                int count = Math.min(records.length - at, 1 + random.nextInt(50));
                byte[] piece = java.util.Arrays.copyOfRange(records, at, at + count);
                received.writeBytes(opened(two, piece));
                two = elsewhere(two);
                at += count;
            }
        }

        assertThat(received.toByteArray()).isEqualTo(sent.toByteArray());
    }

    private EmbeddedChannel elsewhere(EmbeddedChannel channel) throws TlsException {
        TlsRecords records = TlsRecords.of(channel);
        FrozenTls state = records.freeze();
        byte[] begun = records.takePartial();
        channel.pipeline().remove(records);
        EmbeddedChannel next = channel(state);
        next.writeInbound(Unpooled.wrappedBuffer(begun));
        return next;
    }

    /** In TLS 1.2 with GCM each record shows what is not secret of its nonce. */
    @Test
    void neverUsesANonceTwiceOverMoves() throws TlsException {
        EmbeddedChannel one = channel(begin(TlsSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256));
        Set<String> nonces = new HashSet<>();
        int records = 0;
        for (int round = 0; round < 200; round++) {
            byte[] out = sealed(one, bytes(random.nextInt(1, 40_000)));
            for (int at = 0; at < out.length; records++) {
                nonces.add(HEX.formatHex(out, at + 5, at + 13));
                at += 5 + (((out[at + 3] & 0xff) << 8) | (out[at + 4] & 0xff));
            }
            if (round % 7 == 0) {
                one = elsewhere(one);
            }
        }

        assertThat(nonces).hasSize(records);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 20, -1})
    void nothingOfADamagedRecordIsDelivered(int at) throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_256_GCM_SHA384);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        byte[] good = bytes(50);
        byte[] records = sealed(one, good);
        byte[] damaged = sealed(one, bytes(50));
        damaged[at < 0 ? damaged.length + at : at] ^= 1;
        byte[] more = sealed(one, bytes(2_000));

        assertThatThrownBy(() -> two.writeInbound(Unpooled.wrappedBuffer(records, damaged, more)))
                .isInstanceOf(TlsException.class);

        assertThat(drain(two, true)).isEqualTo(good);
        assertThat(opened(two, sealed(one, bytes(5)))).isEmpty();
    }

    @Test
    void tellsThePeerWhyItCloses() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        byte[] damaged = sealed(one, bytes(50));
        damaged[30] ^= 1;

        assertThatThrownBy(() -> two.writeInbound(Unpooled.wrappedBuffer(damaged)))
                .hasMessageContaining("damaged or tampered");
        byte[] alert = drain(two, false);

        assertThatThrownBy(() -> one.writeInbound(Unpooled.wrappedBuffer(alert)))
                .hasMessageContaining("alert bad_record_mac");
    }

    @Test
    void aRecordMayNotBeReplayedOrLeftOut() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_CHACHA20_POLY1305_SHA256);
        EmbeddedChannel one = channel(state);
        byte[] first = sealed(one, bytes(50));
        byte[] second = sealed(one, bytes(50));
        EmbeddedChannel replayed = channel(mirrored(state));
        opened(replayed, first);

        assertThatThrownBy(() -> replayed.writeInbound(Unpooled.wrappedBuffer(first)))
                .isInstanceOf(TlsException.class);
        EmbeddedChannel leftOut = channel(mirrored(state));
        assertThatThrownBy(() -> leftOut.writeInbound(Unpooled.wrappedBuffer(second)))
                .isInstanceOf(TlsException.class);
    }

    @Test
    void aRecordThatClaimsTooMuchIsRefusedByItsHeader() throws TlsException {
        EmbeddedChannel one = channel(begin(TlsSuite.TLS_AES_128_GCM_SHA256));
        byte[] header = {23, 3, 3, 0x41, 0x01};

        assertThatThrownBy(() -> one.writeInbound(Unpooled.wrappedBuffer(header)))
                .hasMessageContaining("16641 bytes is too long");
    }

    /** In TLS 1.3 a header leaves room for padding that is none. */
    @ParameterizedTest
    @CsvSource({
        "TLS_AES_128_GCM_SHA256, 100",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 100",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, 2000",
        "TLS_AES_128_GCM_SHA256, 1",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 1"
    })
    void moreContentThanARecordMayHaveIsRefused(TlsSuite suite, int more) throws TlsException {
        FrozenTls state = begin(suite);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThat(opened(one, record(peer, 23, bytes(MAX)))).hasSize(MAX);
        assertThatThrownBy(() -> opened(one, record(peer, 23, bytes(MAX + more))))
                .isInstanceOfSatisfying(
                        TlsException.class,
                        e -> assertThat(e.alert()).isEqualTo(TlsException.RECORD_OVERFLOW))
                .hasMessageContaining("the content of a record is too long");
    }

    @Test
    void plainTextAfterTheHandshakeIsRefused() throws TlsException {
        EmbeddedChannel one = channel(begin(TlsSuite.TLS_AES_128_GCM_SHA256));
        byte[] query = "Q\0\0\0\rSELECT 1\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

        assertThatThrownBy(() -> one.writeInbound(Unpooled.wrappedBuffer(query)))
                .isInstanceOf(TlsException.class);
    }

    @Test
    void closeNotifyEndsTheInput() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        byte[] last = sealed(one, bytes(10));
        TlsRecords.of(one).endOutput();
        byte[] goodbye = drain(one, false);

        assertThat(opened(two, concat(last, goodbye))).hasSize(10);

        assertThat(two.isActive()).isFalse(); // as half-closure is not allowed here
    }

    @Test
    void closingSaysGoodbyeOnce() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        EmbeddedChannel one = channel(state);
        one.close();

        byte[] goodbye = drain(one, false);

        assertThat(goodbye).hasSize(RecordKeys.HEADER_BYTES + 2 + 1 + TlsSuite.TAG_BYTES);
    }

    // ---- after the handshake -------------------------------------------------------------------

    private static byte[] record(RecordKeys keys, int type, byte[] content) {
        byte[] plain = java.util.Arrays.copyOf(content, content.length + 1);
        byte[] out = new byte[content.length + RecordKeys.MAX_OVERHEAD];
        int length = keys.seal(type, plain, 0, content.length, out);
        return java.util.Arrays.copyOf(out, length);
    }

    private static RecordKeys peer(FrozenTls state) throws TlsException {
        return new RecordKeys(
                TlsSuite.of(state.suite()),
                state.readSecret(),
                state.readSequence(),
                Cipher.ENCRYPT_MODE);
    }

    @ParameterizedTest
    @CsvSource({"0", "1"})
    void followsAnUpdateOfThePeersKeyAlsoAfterAMove(byte request) throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        one.writeInbound(
                Unpooled.wrappedBuffer(record(peer, 22, new byte[] {24, 0, 0, 1, request})));
        peer.update();

        byte[] answer = drain(one, false);
        assertThat(answer.length).isEqualTo(request == 0 ? 0 : 5 + 5 + 1 + 16);
        assertThat(opened(two, answer)).isEmpty();
        one = elsewhere(one);

        byte[] content = bytes(77);
        assertThat(opened(one, record(peer, 23, content))).isEqualTo(content);
        assertThat(opened(two, sealed(one, content))).isEqualTo(content);
    }

    @Test
    void aKeyUpdateMayComeInPiecesOverAMove() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);
        opened(one, record(peer, 22, new byte[] {24, 0}));
        one = elsewhere(one);
        opened(one, record(peer, 22, new byte[] {0, 1, 0}));
        peer.update();

        assertThat(opened(one, record(peer, 23, bytes(9)))).hasSize(9);
    }

    @Test
    void ticketsAreSkipped() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);
        byte[] ticket = new byte[204];
        ticket[0] = 4;
        ticket[3] = (byte) 200;

        assertThat(opened(one, record(peer, 22, ticket))).isEmpty();
        assertThat(opened(one, record(peer, 23, bytes(9)))).hasSize(9);
    }

    /** What JSSE says before close_notify. */
    @Test
    void userCanceledIsNoError() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThat(opened(one, record(peer, 21, new byte[] {1, 90}))).isEmpty();
        assertThat(opened(one, record(peer, 23, bytes(9)))).hasSize(9);
    }

    @Test
    void aWarningIsNoErrorInTls12() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThat(opened(one, record(peer, 21, new byte[] {1, 41}))).isEmpty();
        assertThat(opened(one, record(peer, 23, bytes(9)))).hasSize(9);
    }

    @ParameterizedTest
    @CsvSource({
        "TLS_AES_128_GCM_SHA256, 022d, the alert certificate_expired",
        "TLS_AES_128_GCM_SHA256, 012d, the alert certificate_expired",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 022a, the alert bad_certificate",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 025a, the alert user_canceled",
        "TLS_AES_128_GCM_SHA256, 0278, the alert no_application_protocol",
        "TLS_AES_128_GCM_SHA256, 0280, the alert 128",
        "TLS_AES_128_GCM_SHA256, 02ff, the alert 255",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 03ff, the alert 255",
        "TLS_AES_128_GCM_SHA256, 02, a malformed alert",
        "TLS_AES_128_GCM_SHA256, 02282a, a malformed alert"
    })
    void anAlertEndsTheConnectionAndIsNamed(TlsSuite suite, String hex, String message)
            throws TlsException {
        FrozenTls state = begin(suite);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThatThrownBy(() -> opened(one, record(peer, 21, HEX.parseHex(hex))))
                .hasMessage("the peer sent " + message);
        assertThat(drain(one, false)).isEmpty(); // who has said so does not listen
    }

    @Test
    void aTicketOfAClientIsRefused() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        var one = new EmbeddedChannel(new TlsRecords(state, true));
        channels.add(one);

        assertThatThrownBy(() -> opened(one, record(peer, 22, new byte[] {4, 0, 0, 0})))
                .hasMessageContaining("a client sent a session ticket");
    }

    /** What a peer may send for ever, a round at a time. */
    private interface Round {
        void send(EmbeddedChannel to, RecordKeys keys);
    }

    private void assertEnds(Round round, String message) throws TlsException {
        assertEnds(TlsSuite.TLS_AES_128_GCM_SHA256, round, message);
    }

    private void assertEnds(TlsSuite suite, Round round, String message) throws TlsException {
        FrozenTls state = begin(suite);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThatThrownBy(
                        () -> {
                            for (int i = 0; i < 100; i++) {
                                round.send(one, peer);
                            }
                        })
                .hasMessageContaining(message);
    }

    private static void updateKey(EmbeddedChannel to, RecordKeys keys) {
        opened(to, record(keys, 22, new byte[] {24, 0, 0, 1, 0}));
        keys.update();
    }

    private static void sendNothing(EmbeddedChannel to, RecordKeys keys) {
        opened(to, record(keys, 23, new byte[0]));
    }

    @Test
    void aFloodOfKeyUpdatesEnds() throws TlsException {
        assertEnds(TlsRecordsTest::updateKey, "33 KeyUpdates");
    }

    /** An empty record is no content that makes up for them. */
    @Test
    void aFloodOfKeyUpdatesWithEmptyRecordsBetweenEnds() throws TlsException {
        assertEnds(
                (one, peer) -> {
                    updateKey(one, peer);
                    sendNothing(one, peer);
                },
                "33 KeyUpdates");
    }

    @Test
    void aFloodOfEmptyRecordsEnds() throws TlsException {
        assertEnds(TlsRecordsTest::sendNothing, "33 records without content");
    }

    @ParameterizedTest
    @CsvSource({
        "TLS_AES_128_GCM_SHA256, 21, 015a",
        "TLS_AES_128_GCM_SHA256, 21, 025a",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 21, 0129",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 21, 015a",
        "TLS_AES_128_GCM_SHA256, 22, 04000000",
        "TLS_AES_128_GCM_SHA256, 22, 0400000400000000"
    })
    void aFloodOfAlertsOrTicketsEnds(TlsSuite suite, int type, String hex) throws TlsException {
        byte[] content = HEX.parseHex(hex);

        assertEnds(
                suite,
                (one, peer) -> opened(one, record(peer, type, content)),
                "33 records without content");
    }

    /** The other kinds share the budget. */
    @Test
    void aMixedFloodEnds() throws TlsException {
        assertEnds(
                (one, peer) -> {
                    sendNothing(one, peer);
                    opened(one, record(peer, 21, new byte[] {1, 90}));
                },
                "33 records without content");
    }

    /** One record may hold many of them. */
    @Test
    void aRecordFullOfTicketsIsAFlood() throws TlsException {
        assertEnds(
                (one, peer) -> {
                    byte[] tickets = new byte[40 * 4];
                    for (int at = 0; at < tickets.length; at += 4) {
                        tickets[at] = 4;
                    }
                    opened(one, record(peer, 22, tickets));
                },
                "33 records without content");
    }

    /** Each of them would have all that came before copied. */
    @Test
    void aHandshakeMessageDoesNotComeInCrumbs() throws TlsException {
        byte[] begin = new byte[1_000];
        begin[0] = 4;
        begin[2] = 0x7f;
        boolean[] begun = {false};

        assertEnds(
                (one, peer) -> {
                    opened(one, record(peer, 22, begun[0] ? new byte[1] : begin));
                    begun[0] = true;
                },
                "33 records without content");
    }

    /** A peer that asks for our next key again and again, and reads nothing. */
    @Test
    void keepsOneAnswerToKeyUpdatesForWhoDoesNotRead() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);
        Map<ByteBuf, ChannelPromise> held = new LinkedHashMap<>();
        one.pipeline()
                .addFirst(
                        new ChannelOutboundHandlerAdapter() {
                            @Override
                            public void write(
                                    ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
                                held.put((ByteBuf) msg, promise);
                            }
                        });

        for (int i = 0; i < 200; i++) {
            opened(one, record(peer, 22, new byte[] {24, 0, 0, 1, 1}));
            peer.update();
            opened(one, record(peer, 23, new byte[] {1}));
        }
        assertThat(held).hasSize(1);

        held.values().iterator().next().setSuccess();
        opened(one, record(peer, 22, new byte[] {24, 0, 0, 1, 1}));
        peer.update();
        assertThat(held).hasSize(2);
        held.keySet().forEach(ByteBuf::release);
    }

    @ParameterizedTest
    @CsvSource({
        "'', a handshake record without content",
        "180000ff, a handshake message of 255",
        "0100000100, handshake message of type 1",
        "0d00000100, handshake message of type 13"
    })
    void aHandshakeMessageIsRefusedByItsHeader(String hex, String message) throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThatThrownBy(() -> opened(one, record(peer, 22, HEX.parseHex(hex))))
                .hasMessageContaining(message);
    }

    @Test
    void renegotiationIsRefused() throws TlsException {
        FrozenTls state = begin(TlsSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384);
        RecordKeys peer = peer(state);
        EmbeddedChannel one = channel(state);

        assertThatThrownBy(() -> opened(one, record(peer, 22, new byte[] {1, 0, 0, 0})))
                .hasMessageContaining("renegotiation");
    }

    /** A key is worn after 2^24 records; the next one is announced and used. */
    @Test
    void changesItsOwnKeyInTime() throws TlsException {
        FrozenTls begun = begin(TlsSuite.TLS_AES_128_GCM_SHA256);
        var state =
                new FrozenTls(
                        begun.suite(),
                        begun.readSecret(),
                        0,
                        begun.writeSecret(),
                        (1 << 24) - 2,
                        new byte[0],
                        "",
                        "");
        EmbeddedChannel one = channel(state);
        EmbeddedChannel two = channel(mirrored(state));
        for (int i = 0; i < 5; i++) {
            byte[] content = bytes(30);
            assertThat(opened(two, sealed(one, content))).isEqualTo(content);
        }

        assertThat(TlsRecords.of(one).freeze().writeSequence()).isEqualTo(3);
    }

    @Test
    void aStateThatMakesNoSenseIsRefused() {
        FrozenTls good = begin(TlsSuite.TLS_AES_128_GCM_SHA256);

        assertThatThrownBy(
                        () ->
                                new TlsRecords(
                                        new FrozenTls(
                                                0x002f,
                                                good.readSecret(),
                                                0,
                                                good.writeSecret(),
                                                0,
                                                new byte[0],
                                                "",
                                                "")))
                .hasMessageContaining("0x002f is not known");
        assertThatThrownBy(
                        () ->
                                new TlsRecords(
                                        new FrozenTls(
                                                good.suite(),
                                                new byte[5],
                                                0,
                                                good.writeSecret(),
                                                0,
                                                new byte[0],
                                                "",
                                                "")))
                .hasMessageContaining("damaged");
        assertThat(good.toString()).doesNotContain(HEX.formatHex(good.readSecret()));
    }

    private static final HexFormat HEX = HexFormat.of();

    private static byte[] concat(byte[] one, byte[] two) {
        byte[] both = java.util.Arrays.copyOf(one, one.length + two.length);
        System.arraycopy(two, 0, both, one.length, two.length);
        return both;
    }
}
