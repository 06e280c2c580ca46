package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.pgdoorman.wire.FrameScanner.Verdict;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** However a stream is cut into reads, the same comes out of it. */
@ExtendWith(LeakCheck.class)
class FrameScannerTest {
    private static final ByteBufAllocator ALLOC = UnpooledByteBufAllocator.DEFAULT;

    /** The type says what becomes of a message. */
    private static final byte[] TYPES = {'P', 'D', 'S', 'h', 'x'};

    /** What came out: bytes passed on, bytes shown, messages seen with the bodies of held ones. */
    private static class Outcome implements FrameScanner.Visitor {
        final ByteArrayOutputStream passed = new ByteArrayOutputStream();
        final ByteArrayOutputStream shown = new ByteArrayOutputStream();
        final List<String> seen = new ArrayList<>();
        private int stopAt = -1;

        @Override
        public int bodyLength(byte type, int length) {
            if (length < 4) {
                throw new ProtocolException("length " + length);
            }
            return length - 4;
        }

        @Override
        public int heldBytes(byte type, int bodyLength) {
            return type == 'h' || type == 'x' ? bodyLength : 0;
        }

        @Override
        public Verdict onFrame(byte type, ByteBuf in, int index, int bodyLength) {
            if (seen.size() == stopAt) {
                return Verdict.STOP;
            }
            String body =
                    heldBytes(type, bodyLength) > 0
                            ? ByteBufUtil.hexDump(in, index, bodyLength)
                            : "";
            seen.add((char) type + ":" + bodyLength + ":" + body);
            return switch (type) {
                case 'D', 'x' -> Verdict.DROP;
                case 'S' -> Verdict.PASS_AND_SHOW;
                default -> Verdict.PASS;
            };
        }

        @Override
        public void onBody(ByteBuf in, int index, int length) {
            shown.writeBytes(ByteBufUtil.getBytes(in, index, length));
        }

        @Override
        public void onRun(ByteBuf in, int from, int to) {
            passed.writeBytes(ByteBufUtil.getBytes(in, from, to - from));
        }

        void assertSameAs(Outcome other) {
            assertThat(seen).isEqualTo(other.seen);
            assertThat(passed.toByteArray()).isEqualTo(other.passed.toByteArray());
            assertThat(shown.toByteArray()).isEqualTo(other.shown.toByteArray());
        }
    }

    private static byte[] stream(Random random, int messages) {
        ByteBuf out = Unpooled.buffer();
        for (int i = 0; i < messages; i++) {
            byte[] body = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(20)];
            random.nextBytes(body);
            out.writeByte(TYPES[random.nextInt(TYPES.length)]);
            out.writeInt(body.length + 4).writeBytes(body);
        }
        return ByteBufUtil.getBytes(out);
    }

    /** Reads message by message, as the format is written down. */
    private static Outcome naive(byte[] stream) {
        var outcome = new Outcome();
        ByteBuf in = Unpooled.wrappedBuffer(stream);
        while (in.isReadable()) {
            int start = in.readerIndex();
            byte type = in.readByte();
            int body = in.readInt() - 4;
            Verdict verdict = outcome.onFrame(type, in, in.readerIndex(), body);
            if (verdict == Verdict.PASS_AND_SHOW) {
                outcome.onBody(in, in.readerIndex(), body);
            }
            in.skipBytes(body);
            if (verdict != Verdict.DROP) {
                outcome.onRun(in, start, in.readerIndex());
            }
        }
        return outcome;
    }

    private static void read(
            FrameScanner scanner, Outcome outcome, byte[] stream, int from, int to) {
        ByteBuf part = Unpooled.wrappedBuffer(stream, from, to - from);
        int done = scanner.read(part, outcome, ALLOC);
        assertThat(done).isEqualTo(to - from);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void everyCutGivesTheSame(long seed) {
        byte[] stream = stream(new Random(seed), 12);
        Outcome expected = naive(stream);

        for (int cut = 0; cut <= stream.length; cut++) {
            var scanner = new FrameScanner();
            var outcome = new Outcome();
            read(scanner, outcome, stream, 0, cut);
            read(scanner, outcome, stream, cut, stream.length);
            outcome.assertSameAs(expected);
            assertThat(scanner.isAtBoundary()).isTrue();
        }
    }

    /** The head of each message of type h, 3 bytes of its body, gives way to a dash. */
    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void aHeadIsReplacedWhereverTheStreamIsCut(long seed) {
        var random = new Random(seed);
        ByteBuf messages = Unpooled.buffer();
        var expected = new ByteArrayOutputStream();
        for (int i = 0; i < 20; i++) {
            boolean replaced = random.nextBoolean();
            byte[] body = new byte[3 + random.nextInt(8)];
            random.nextBytes(body);
            int start = messages.writerIndex();
            messages.writeByte(replaced ? 'h' : 'P').writeInt(body.length + 4).writeBytes(body);
            if (replaced) {
                expected.write('-');
                expected.write(body, 3, body.length - 3);
            } else {
                expected.writeBytes(
                        ByteBufUtil.getBytes(messages, start, messages.writerIndex() - start));
            }
        }
        byte[] stream = ByteBufUtil.getBytes(messages);

        for (int cut = 0; cut <= stream.length; cut++) {
            var outcome = new Replacing();
            read(outcome.scanner, outcome, stream, 0, cut);
            outcome.scanner = FrameScanner.thaw(outcome.scanner.freeze(), ALLOC);
            read(outcome.scanner, outcome, stream, cut, stream.length);

            assertThat(outcome.passed.toByteArray()).isEqualTo(expected.toByteArray());
        }
    }

    private static final class Replacing extends Outcome {
        private FrameScanner scanner = new FrameScanner();

        @Override
        public int heldBytes(byte type, int bodyLength) {
            return type == 'h' ? 3 : 0;
        }

        @Override
        public Verdict onFrame(byte type, ByteBuf in, int index, int bodyLength) {
            if (type == 'h') {
                scanner.passRun(this);
                passed.write('-');
                scanner.replaceHead(3);
            }
            return Verdict.PASS;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void byteByByteAndFrozenBetweenGivesTheSame(long seed) {
        byte[] stream = stream(new Random(seed), 30);
        var scanner = new FrameScanner();
        var outcome = new Outcome();

        for (int i = 0; i < stream.length; i++) {
            read(scanner, outcome, stream, i, i + 1);
            scanner = FrameScanner.thaw(scanner.freeze(), ALLOC);
        }

        outcome.assertSameAs(naive(stream));
        assertThat(scanner.isAtBoundary()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void randomPiecesGiveTheSame(long seed) {
        var random = new Random(seed);
        byte[] stream = stream(random, 500);
        var scanner = new FrameScanner();
        var outcome = new Outcome();

        int at = 0;
        while (at < stream.length) {
            int next = Math.min(stream.length, at + 1 + random.nextInt(60));
            read(scanner, outcome, stream, at, next);
            at = next;
        }

        outcome.assertSameAs(naive(stream));
    }

    @Test
    void aStoppedMessageIsReadAgainWholly() {
        byte[] stream = {'P', 0, 0, 0, 5, 1, 'h', 0, 0, 0, 6, 2, 3, 'P', 0, 0, 0, 4};
        var scanner = new FrameScanner();
        var outcome = new Outcome();
        outcome.stopAt = 1;
        ByteBuf in = Unpooled.wrappedBuffer(stream);

        int done = scanner.read(in, outcome, ALLOC);

        assertThat(done).isEqualTo(6);
        assertThat(outcome.seen).hasSize(1);
        outcome.stopAt = -1;
        in.readerIndex(done);
        assertThat(scanner.read(in, outcome, ALLOC)).isEqualTo(stream.length);
        outcome.assertSameAs(naive(stream));
    }

    @Test
    void whatCameBeforeABadLengthPasses() {
        byte[] stream = {'P', 0, 0, 0, 5, 1, 'P', 0, 0, 0, 3};
        var scanner = new FrameScanner();
        var outcome = new Outcome();

        assertThatThrownBy(() -> scanner.read(Unpooled.wrappedBuffer(stream), outcome, ALLOC))
                .isInstanceOf(ProtocolException.class);

        assertThat(outcome.passed.toByteArray()).containsExactly('P', 0, 0, 0, 5, 1);
    }

    @Test
    void knowsWhetherAMessageIsCut() {
        var scanner = new FrameScanner();
        var outcome = new Outcome();
        byte[] stream = {'P', 0, 0, 0, 6, 1, 2, 'D', 0, 0, 0, 5, 1};

        read(scanner, outcome, stream, 0, 6);
        assertThat(scanner.isCut()).isTrue();
        assertThat(scanner.isAtBoundary()).isFalse();
        read(scanner, outcome, stream, 6, 12);
        assertThat(scanner.isCut()).as("a dropped message owes nobody its rest").isFalse();
        assertThat(scanner.isAtBoundary()).isFalse();
        read(scanner, outcome, stream, 12, 13);
        assertThat(scanner.isAtBoundary()).isTrue();
    }
}
