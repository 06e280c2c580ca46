package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.session.MovingSession;
import io.pgdoorman.statement.ServerStatements;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Whatever the other process sends is a batch that owns all descriptors that came with it, or a
 * {@link FormatException}, after which they are still the caller's.
 */
class BatchHostileTest {
    private static final int RANDOM_CHANGES = 30_000;

    private final Batch.Encoded good = Samples.batchOfEverything().encode(Samples.NOW);

    /** Returns whether it is a batch. */
    private static boolean isBatch(byte[] bytes, int[] fds) {
        try {
            Batch read = Decoded.decode(bytes, fds);
            assertThat(Decoded.fds(read))
                    .containsExactlyInAnyOrderElementsOf(Arrays.stream(fds).boxed().toList());
            return true;
        } catch (FormatException e) {
            assertThat(e).hasMessageMatching("(?s).{10,}");
            return false;
        }
    }

    @Test
    void unknownFieldsAreSkippedWhereverTheyAre() throws Exception {
        for (byte[] message : Tree.parse(good.bytes(), Shape.BATCH).withUnknownFields()) {
            Batch read = Decoded.decode(message, good.fds());

            assertThat(read.encode(Samples.NOW).bytes()).isEqualTo(good.bytes());
        }
    }

    /** Cut before one of the three that have no descriptor that would be missed. */
    @Test
    void aBatchCutAnywhereButBeforePermitsIsNone() {
        int batches = 0;
        for (int length = 0; length < good.bytes().length; length++) {
            batches += isBatch(Arrays.copyOf(good.bytes(), length), good.fds()) ? 1 : 0;
        }

        assertThat(batches).isEqualTo(3);
    }

    @Test
    void aBatchWithAnyBitTurnedIsABatchOrNone() {
        int batches = 0;
        byte[] bytes = good.bytes().clone();
        for (int i = 0; i < bytes.length; i++) {
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                bytes[i] ^= (byte) (1 << bit);
                batches += isBatch(bytes, good.fds()) ? 1 : 0;
                bytes[i] ^= (byte) (1 << bit);
            }
        }

        assertThat(batches).isBetween(1, bytes.length * Byte.SIZE - 1);
    }

    @Test
    void aBatchWithRandomChangesIsABatchOrNone() {
        var random = new Random(2);
        for (int i = 0; i < RANDOM_CHANGES; i++) {
            byte[] bytes = good.bytes().clone();
            int changes = 1 + random.nextInt(4);
            for (int change = 0; change < changes; change++) {
                switch (random.nextInt(3)) {
                    case 0 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                    case 1 -> bytes = without(bytes, random);
                    default -> bytes = twice(bytes, random);
                }
            }

            isBatch(bytes, good.fds());
        }
    }

    private static byte[] without(byte[] bytes, Random random) {
        int from = random.nextInt(bytes.length);
        int to = Math.min(bytes.length - 1, from + random.nextInt(20));
        byte[] rest = new byte[Math.max(1, bytes.length - (to - from))];
        System.arraycopy(bytes, 0, rest, 0, from);
        System.arraycopy(bytes, to, rest, from, Math.max(0, rest.length - from));
        return rest;
    }

    private static byte[] twice(byte[] bytes, Random random) {
        int from = random.nextInt(bytes.length);
        int length = random.nextInt(Math.min(40, bytes.length - from) + 1);
        byte[] more = new byte[bytes.length + length];
        System.arraycopy(bytes, 0, more, 0, from + length);
        System.arraycopy(bytes, from, more, from + length, bytes.length - from);
        return more;
    }

    static Stream<Arguments> wrongDescriptors() {
        return Stream.of(
                Arguments.of("none", new int[0]),
                Arguments.of("one too few", new int[] {21, 22, 23, 24, 25, 26}),
                Arguments.of("one too many", new int[] {21, 22, 23, 24, 25, 26, 27, 28}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrongDescriptors")
    void descriptorsAreAsManyAsSockets(String what, int[] fds) {
        assertThatThrownBy(() -> Decoded.decode(good.bytes(), fds))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("descriptor");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 3, -1, Integer.MAX_VALUE})
    void aSocketHasTheNumberOfADescriptor(int number) {
        byte[] batch = batch(socket(number), null);

        assertThatThrownBy(() -> Decoded.decode(batch, new int[] {31}))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("descriptor");
    }

    @Test
    void aDescriptorBelongsToOneSocket() {
        byte[] batch = batch(socket(1), socket(1));

        assertThatThrownBy(() -> Decoded.decode(batch, new int[] {31, 32}))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("descriptor");
    }

    @Test
    void aSessionHasNoMoreSocketsThanItCanOwn() {
        byte[] batch = batch(socket(1), null, socket(2));

        assertThatThrownBy(() -> Decoded.decode(batch, new int[] {31, 32}))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("descriptors");
    }

    @Test
    void aSessionIsLinkedIfItHasTheSocketOfAServer() {
        byte[] withoutSocket = batch(socket(1), null);
        byte[] linked = linkedWithoutSocket();
        byte[] withoutState = batch(socket(1), socket(2));

        assertThat(isBatch(withoutSocket, new int[] {31})).isTrue();
        assertThatThrownBy(() -> Decoded.decode(linked, new int[] {31}))
                .hasMessage("a session without its sockets");
        assertThatThrownBy(() -> Decoded.decode(withoutState, new int[] {31, 32}))
                .hasMessage("a session without its sockets");
    }

    @Test
    void whatMovesHasAStateAndASocket() {
        for (int field = 2; field <= 4; field++) {
            byte[] empty = new FieldWriter().put(field, new FieldWriter()).toByteArray();
            byte[] socketOnly =
                    new FieldWriter().put(field, new FieldWriter().put(2, socket(1))).toByteArray();

            assertThatThrownBy(() -> Decoded.decode(empty, new int[0]))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("without its socket");
            assertThatThrownBy(() -> Decoded.decode(socketOnly, new int[] {31}))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("without its socket");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aNameHasTheNumberOfAStatement(int number) {
        var table = new StatementTable();
        byte[] named =
                new FieldWriter()
                        .put(1, new FieldWriter().put(1, new byte[] {'s'}).put(2, number))
                        .toByteArray();

        assertThatThrownBy(() -> tableOfOne(table).client(new FieldReader(named)))
                .isInstanceOf(FormatException.class);
    }

    private static StatementTable tableOfOne(StatementTable table) throws FormatException {
        table.read(new FieldReader(new FieldWriter().put(1, new byte[] {0, 0, 0}).toByteArray()));
        return table;
    }

    @ParameterizedTest
    @CsvSource({"-1, 1", "1, -1", "2, 0", "0, 2", "2147483647, 1", "-2147483648, 1"})
    void aServerHasNoMoreStatementsThanAreNamed(int used, int closed) throws Exception {
        var entry = new FieldWriter().put(1, 1).put(2, new byte[] {'d'});
        byte[] bytes = new FieldWriter().put(1, entry).put(2, used).put(3, closed).toByteArray();

        ServerStatements.Frozen read =
                tableOfOne(new StatementTable()).server(new FieldReader(bytes));

        assertThatThrownBy(() -> ServerStatements.thaw(read, UnaryOperator.identity()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"5, 1, 0", "-1, 1, 0", "0, 2, 0", "1, 1, 2", "0, -2147483648, 0"})
    void aChangeIsOfAKnownKindAndOfAnEntry(int kind, int entry, int old) throws Exception {
        byte[] bytes =
                new FieldWriter()
                        .put(1, new FieldWriter().put(1, 1).put(2, new byte[] {'d'}))
                        .put(2, 1)
                        .put(4, new FieldWriter().put(1, kind).put(2, entry).put(4, old))
                        .toByteArray();

        ServerStatements.Frozen read =
                tableOfOne(new StatementTable()).server(new FieldReader(bytes));

        assertThatThrownBy(() -> ServerStatements.thaw(read, UnaryOperator.identity()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void randomBytesAreABatchOrNone() {
        var random = new Random(3);
        for (int i = 0; i < RANDOM_CHANGES; i++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            int[] fds = IntStream.range(0, random.nextInt(2)).toArray();

            isBatch(bytes, fds);
        }
    }

    private static FieldWriter socket(int number) {
        return new FieldWriter().put(1, number);
    }

    private static byte[] batch(FieldWriter client, @Nullable FieldWriter server) {
        return batch(client, server, null);
    }

    /** One idle session with these sockets. */
    private static byte[] batch(
            FieldWriter client, @Nullable FieldWriter server, @Nullable FieldWriter again) {
        var tables = new Tables();
        FieldWriter state = SessionFormat.write(new SessionBuilder().build(), tables, Samples.NOW);
        var session = new FieldWriter().put(1, state).put(2, client);
        if (server != null) {
            session.put(3, server);
        }
        if (again != null) {
            session.put(2, again);
        }
        var message = new FieldWriter();
        tables.parameters().write(message, 1);
        return message.put(2, session).toByteArray();
    }

    private static byte[] linkedWithoutSocket() {
        var linked = new SessionBuilder();
        linked.server = new ServerBuilder();
        MovingSession moving = Samples.moving(linked);
        return Samples.batch(new MovingSession(moving.state(), moving.client(), null))
                .encode(Samples.NOW)
                .bytes();
    }
}
