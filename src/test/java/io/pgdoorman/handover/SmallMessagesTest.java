package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.handover.format.Shape;
import io.pgdoorman.handover.format.Tree;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** {@link Wants}, {@link PassedListener} and {@link Report}: their bytes, for ever. */
class SmallMessagesTest {
    private static final int FD = 77;

    /**
     * One kind of message.
     *
     * @param bytes of {@code value}, as version 1.0 writes them
     */
    record Kind(
            String name, Shape shape, Object value, FieldWriter written, String bytes, Reader in) {
        Object read(byte[] body) throws HandoverException, FormatException {
            return in.read(Messages.of(MessageType.STATE, body));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    interface Reader {
        Object read(Message message) throws HandoverException, FormatException;
    }

    static Stream<Kind> kinds() {
        var wants =
                new Wants(
                        300,
                        List.of(
                                new Wants.Starved("shop", "alice", 5),
                                new Wants.Starved("", "bob", 1)));
        var listener = new PassedListener(PassedListener.Kind.TCP, "::", 6432, FD);
        var report = new Report(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 1L << 40);
        return Stream.of(
                new Kind(
                        "wants",
                        Shape.of("wants").with(2, Shape.of("pool")),
                        wants,
                        wants.write(),
                        "08ac02" + "120f0a0473686f701205616c6963651805" + "12071203626f621801",
                        Wants::read),
                new Kind(
                        "listener",
                        Shape.of("listener"),
                        listener,
                        listener.write(),
                        "0801" + "12023a3a" + "18a032",
                        message -> PassedListener.read(message.fields(), FD)),
                new Kind(
                        "report",
                        Shape.of("report"),
                        report,
                        report.write(),
                        "0801"
                                + "1002"
                                + "1803"
                                + "2004"
                                + "2805"
                                + "3006"
                                + "3807"
                                + "4008"
                                + "4809"
                                + "500a"
                                + "580b"
                                + "600c"
                                + "680d"
                                + "70808080808020",
                        message -> Report.read(message.fields())));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void itsBytesAreThese(Kind kind) throws Exception {
        byte[] bytes = HexFormat.of().parseHex(kind.bytes);

        Object read = kind.read(bytes);

        assertThat(read).isEqualTo(kind.value);
        assertThat(HexFormat.of().formatHex(kind.written.toByteArray())).isEqualTo(kind.bytes);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void fieldsThatALaterVersionAddsAreSkipped(Kind kind) throws Exception {
        Tree tree = Tree.parse(HexFormat.of().parseHex(kind.bytes), kind.shape);

        for (byte[] message : tree.withUnknownFields()) {
            assertThat(kind.read(message)).isEqualTo(kind.value);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsNoMessageOfItsKindIsRefused(Kind kind) {
        byte[] good = HexFormat.of().parseHex(kind.bytes);

        Messages.assertHostile(good, MessageType.STATE, kind.in::read);
    }

    @Test
    void aPoolThatWantsSomethingHasAtLeastOneClient() throws Exception {
        var none = new Wants(0, List.of(new Wants.Starved("shop", "alice", -3)));

        Wants read = Wants.read(Messages.of(MessageType.WANTS, none.write()));

        assertThat(read.pools()).containsExactly(new Wants.Starved("shop", "alice", 1));
    }

    @Test
    void nobodyWantsAnything() throws Exception {
        var none = new Wants(0, List.of());

        assertThat(none.write().size()).isZero();
        assertThat(Wants.read(Messages.of(MessageType.WANTS, none.write()))).isEqualTo(none);
    }

    @ParameterizedTest
    @CsvSource({"TCP, 0.0.0.0, 6432", "UNIX, /run/x/.s.PGSQL.6432, 0", "CONTROL, /run/x/ctl, 0"})
    void aListenerSurvives(PassedListener.Kind kind, String host, int port) throws Exception {
        var listener = new PassedListener(kind, host, port, FD);

        var read = PassedListener.read(new FieldReader(listener.write().toByteArray()), FD);

        assertThat(read).isEqualTo(listener);
    }

    @ParameterizedTest
    @CsvSource({"TCP, 0801", "UNIX, 0802", "CONTROL, 0803"})
    void theKindOfAListenerKeepsItsCode(PassedListener.Kind kind, String bytes) {
        var listener = new PassedListener(kind, "", 0, FD);

        assertThat(HexFormat.of().formatHex(listener.write().toByteArray())).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, -1, Integer.MAX_VALUE})
    void aListenerOfAnotherKindIsRefused(int kind) {
        var in = new FieldReader(new FieldWriter().put(1, kind).put(2, "::").toByteArray());

        assertThatThrownBy(() -> PassedListener.read(in, FD))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("unknown kind " + kind);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "2, 2", "99, 99", "100, 99", "101, 100", "200, 198", "1000, 990"})
    void ninetyNineOfAHundredPauseNoLonger(int clients, long pause) {
        long[] pauses = new long[clients];
        for (int i = 0; i < clients; i++) {
            pauses[i] = (long) clients - i;
        }

        assertThat(Report.p99(pauses)).isEqualTo(pause);
    }

    @Test
    void aReportIsOneLineAndAnObject() {
        var report =
                new Report(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_500_000, 20_000, 3_000, 2_000_000_000);

        assertThat(report.clients()).isEqualTo(15);
        assertThat(report.text())
                .startsWith("15 clients (1 idle, 2 waiting, 3 active, 4 in transaction, 5 logging")
                .contains("13 servers (6 linked, 7 idle)", "at most 1.5 ms", "2.0 s in all")
                .doesNotContain("\n");
        assertThat(report.json().toString())
                .startsWith("{\"clients\":15,\"clients_idle\":1,")
                .contains("\"longest_pause_us\":1500,\"p99_pause_us\":20,\"moving_us\":3,")
                .endsWith("\"total_us\":2000000}");
    }
}
