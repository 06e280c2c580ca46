package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import javax.crypto.Cipher;

/** No two records of a connection share key and nonce, whatever becomes of it. */
class NoncesTest {
    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;

    /** So many records before its own key is worn, which only TLS 1.3 knows. */
    private static final long NEARLY_WORN = (1 << 24) - 5;

    private final Random random = new Random(5116);
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

    private EmbeddedChannel channel(FrozenTls state) throws TlsException {
        var channel =
                new EmbeddedChannel(
                        new TlsRecords(state),
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void exceptionCaught(
                                    ChannelHandlerContext ctx, Throwable cause) {
                                // told to the peer already, whose alert the watch sees
                            }
                        });
        channels.add(channel);
        return channel;
    }

    /** Our end of a connection, wherever it is taken, and what its peer writes with. */
    private final class Life {
        final NonceWatch watch;
        final RecordKeys peer;
        EmbeddedChannel channel;

        Life(TlsSuite suite) throws TlsException {
            var begun =
                    new FrozenTls(
                            suite.id(),
                            bytes(suite.secretBytes()),
                            1,
                            bytes(suite.secretBytes()),
                            suite.isTls13() ? NEARLY_WORN : 1,
                            new byte[0],
                            "",
                            "");
            watch = new NonceWatch(suite, begun.writeSecret(), begun.writeSequence());
            peer =
                    new RecordKeys(
                            suite, begun.readSecret(), begun.readSequence(), Cipher.ENCRYPT_MODE);
            channel = channel(begun);
        }

        void write(int... lengths) {
            for (int length : lengths) {
                channel.write(Unpooled.wrappedBuffer(bytes(length)));
            }
            channel.flush();
            look(channel);
        }

        void look(EmbeddedChannel at) {
            var all = new ByteArrayOutputStream();
            for (ByteBuf out = at.readOutbound(); out != null; out = at.readOutbound()) {
                all.writeBytes(ByteBufUtil.getBytes(out));
                out.release();
            }
            watch.watch(all.toByteArray());
        }

        void hear(byte[] record) {
            channel.writeInbound(Unpooled.wrappedBuffer(record));
            look(channel);
        }

        byte[] ofPeer(int type, byte[] content) {
            byte[] out = new byte[content.length + RecordKeys.MAX_OVERHEAD];
            byte[] plain = Arrays.copyOf(content, content.length + 1);
            return Arrays.copyOf(out, peer.seal(type, plain, 0, content.length, out));
        }

        /** The peer changes its key and asks for the same. */
        void updateKeys() {
            byte[] record = ofPeer(HANDSHAKE, new byte[] {24, 0, 0, 1, 1});
            peer.update();
            hear(record);
        }

        private FrozenTls leave() {
            TlsRecords records = TlsRecords.of(channel);
            FrozenTls state = records.freeze();
            byte[] begun = records.takePartial();
            assertThat(begun).isEmpty();
            channel.pipeline().remove(records);
            channel.close();
            look(channel);
            return state;
        }

        void moveToAnotherProcess() throws TlsException {
            channel = channel(leave());
        }

        void moveToAnotherLoop() {
            TlsRecords moved = TlsRecords.of(channel).moveOn();
            EmbeddedChannel old = channel;
            channel = new EmbeddedChannel(moved);
            channels.add(channel);
            old.close();
            look(old);
        }

        /** The other process has made its own of it, and gives up before it was its to run. */
        void moveAndComeBack() throws TlsException {
            FrozenTls state = leave();
            EmbeddedChannel there = channel(copy(state));
            there.pipeline().remove(TlsRecords.class);
            there.close();
            look(there);
            channel = channel(state);
        }
    }

    private static FrozenTls copy(FrozenTls state) {
        return new FrozenTls(
                state.suite(),
                state.readSecret().clone(),
                state.readSequence(),
                state.writeSecret().clone(),
                state.writeSequence(),
                state.unfinished().clone(),
                state.serverName(),
                state.peerName());
    }

    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void noNonceIsUsedTwiceInAWholeLife(TlsSuite suite) throws TlsException {
        var life = new Life(suite);
        for (int round = 0; round < 60; round++) {
            life.write(1 + random.nextInt(40_000));
            switch (round % 6) {
                case 0 -> life.moveToAnotherProcess();
                case 1 -> life.moveAndComeBack();
                case 2 -> life.moveToAnotherLoop();
                case 3 -> life.hear(life.ofPeer(APPLICATION_DATA, bytes(20)));
                case 4 -> life.write(1, 5, 20_000);
                default -> {
                    if (suite.isTls13()) {
                        life.updateKeys();
                    }
                }
            }
        }

        life.channel.close();
        life.look(life.channel);

        assertThat(life.watch.again()).isEmpty();
        assertThat(life.watch.seen())
                .hasSizeGreaterThan(100)
                .last()
                .satisfies(record -> assertThat(record.type()).isEqualTo(ALERT));
        // One of its own, as the first key was worn, and one for each of the peer's.
        assertThat(life.watch.seen().getLast().generation()).isEqualTo(suite.isTls13() ? 11 : 0);
    }

    /** What fails in the middle of it says so with a nonce of its own, and nothing more. */
    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void theAlertOfADamagedRecordIsTheLastRecord(TlsSuite suite) throws TlsException {
        var life = new Life(suite);
        life.write(100);
        life.moveAndComeBack();
        life.write(100);
        byte[] damaged = life.ofPeer(APPLICATION_DATA, bytes(50));
        damaged[damaged.length - 1] ^= 1;

        life.hear(damaged);
        TlsRecords.of(life.channel).endOutput();
        life.write(100);
        life.channel.close();
        life.look(life.channel);

        assertThat(life.watch.again()).isEmpty();
        assertThat(life.watch.seen())
                .extracting(NonceWatch.Seen::type)
                .containsExactly(APPLICATION_DATA, APPLICATION_DATA, ALERT);
    }

    /** So that silence of the watch means something. */
    @ParameterizedTest
    @EnumSource(TlsSuite.class)
    void theWatchFindsTwoThatGoOnFromOneState(TlsSuite suite) throws TlsException {
        var life = new Life(suite);
        life.write(100);
        EmbeddedChannel other = channel(copy(TlsRecords.of(life.channel).freeze()));

        life.write(100);
        other.writeOutbound(Unpooled.wrappedBuffer(bytes(100)));
        life.look(other);

        assertThat(life.watch.again()).hasSize(1);
    }

    /** The old key is not used any more once a new one was announced, also after a move. */
    @Test
    void aNewKeyBeginsWithItsFirstNonce() throws TlsException {
        var life = new Life(TlsSuite.TLS_AES_128_GCM_SHA256);
        life.write(10);
        life.updateKeys();
        life.moveToAnotherProcess();

        life.write(10);

        assertThat(life.watch.seen())
                .extracting(NonceWatch.Seen::generation, NonceWatch.Seen::number)
                .endsWith(
                        org.assertj.core.api.Assertions.tuple(0, NEARLY_WORN + 1),
                        org.assertj.core.api.Assertions.tuple(1, 0L));
    }
}
