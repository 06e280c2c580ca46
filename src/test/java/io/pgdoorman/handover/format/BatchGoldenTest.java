package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.wire.FrameScanner;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.HexFormat;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The bytes of every version so far, for ever. What a version has written once, all later ones read
 * alike: its file here never changes.
 *
 * <p>How to add a field:
 *
 * <ol>
 *   <li>Take the number after the highest one of the message, see {@link #FIELDS}; a number is
 *       never used again. Missing, the field means what the version before did.
 *   <li>Let {@link Samples#batchOfEverything} use it. The batch of the version before, from whose
 *       file the field is missing, becomes a method of its own.
 *   <li>Add the number to {@link #FIELDS}, the bytes to a new file, and the file to {@link
 *       #versions()}: the last one is what is written now.
 * </ol>
 */
class BatchGoldenTest {
    private static final String NEWEST = "v1/batch-exporter.hex";

    private static final int[] FDS = {21, 22, 23, 24, 27, 25, 26};
    private static final int[] FDS_WITHOUT_CONSOLE = {21, 22, 23, 24, 25, 26};

    /** The numbers in use, by message. */
    private static final Map<String, SortedSet<Integer>> FIELDS = new TreeMap<>();

    static {
        fields("batch", 8);
        fields("parameters", 2);
        fields("session", 3);
        fields("session state", 37);
        fields("login", 2);
        fields("login state", 10);
        fields("verdict", 3);
        fields("console", 2);
        fields("console state", 9);
        fields("statement of a console", 2);
        fields("portal of a console", 5);
        fields("server", 2);
        fields("server state", 30);
        fields("statement", 6);
        fields("counts of a server", 6);
        fields("statements of a client", 4);
        fields("name of a client", 3);
        fields("change of a client", 4);
        fields("use of a client", 2);
        fields("statements of a server", 7);
        fields("name of a server", 5);
        fields("change of a server", 4);
        fields("stream", 3);
        fields("socket", 4);
        fields("tls", 8);
        fields("permits", 3);
    }

    private static void fields(String message, int last) {
        SortedSet<Integer> numbers = new TreeSet<>();
        for (int number = 1; number <= last; number++) {
            numbers.add(number);
        }
        FIELDS.put(message, numbers);
    }

    static Stream<Arguments> versions() {
        return Stream.of(
                version("v1/batch.hex", Samples::batchWithoutStatements),
                version("v1/batch-statements.hex", Samples::batchWithoutDoubt),
                version("v1/batch-doubt.hex", Samples::batchWithoutCounts),
                version("v1/batch-counts.hex", Samples::batchWithoutConsole),
                version("v1/batch-console.hex", Samples::batchWithoutTls),
                version("v1/batch-tls.hex", Samples::batchWithoutEndPoint),
                version("v1/batch-end-point.hex", Samples::batchWithoutVerdict),
                version("v1/batch-verdict.hex", Samples::batchWithoutExporter),
                version(NEWEST, Samples::batchOfEverything));
    }

    private static Arguments version(String file, Supplier<Batch> content) {
        return Arguments.of(file, content);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("versions")
    void whatAVersionHasWrittenIsReadForEver(String file, Supplier<Batch> content)
            throws Exception {
        byte[] bytes = Resource.bytes(file);

        Batch expected = content.get();
        Batch read =
                Decoded.decode(bytes, expected.consoles().isEmpty() ? FDS_WITHOUT_CONSOLE : FDS);

        Decoded.assertSame(read, expected);
    }

    /** Else the version before this one reads something else than this one has written. */
    @Test
    void whatIsWrittenNowIsInTheNewestFile() {
        Batch.Encoded encoded = Samples.batchOfEverything().encode(Samples.NOW);

        assertThat(encoded.bytes()).isEqualTo(Resource.bytes(NEWEST));
        assertThat(encoded.fds()).isEqualTo(FDS);
    }

    @ParameterizedTest
    @CsvSource({"PASS, ''", "DROP, 1801", "PASS_AND_SHOW, 1802", "STOP, 1803"})
    void whatBecomesOfAMessageKeepsItsCode(FrameScanner.Verdict verdict, String bytes)
            throws Exception {
        var stream = new FrameScanner.Frozen(new byte[0], 0, verdict);

        FieldWriter written = ServerFormat.stream(stream);
        FrameScanner.Frozen read =
                ServerFormat.stream(new FieldReader(HexFormat.of().parseHex(bytes)));

        assertThat(HexFormat.of().formatHex(written.toByteArray())).isEqualTo(bytes);
        assertThat(read.bodyVerdict()).isEqualTo(verdict);
    }

    /** A field that is missing here is in no file either, and may change unnoticed. */
    @Test
    void everyFieldThereIsIsInTheNewestFile() {
        Tree tree = Tree.parse(Resource.bytes(NEWEST), Shape.BATCH);

        assertThat(tree.numbers()).isEqualTo(FIELDS);
    }
}
