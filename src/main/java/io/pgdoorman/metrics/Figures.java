package io.pgdoorman.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufOutputStream;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a page shows, to be written in either format. Threads: one at a time; the families do not
 * change any more.
 *
 * @param main all but the twins, by name
 * @param twins counters {@code x_total} beside which there is a gauge {@code x}. The text format
 *     has no objection; to OpenMetrics, and to the library, both would be the metric {@code x}.
 */
record Figures(List<Family> main, List<Family> twins) {
    private static final ExpositionFormatWriter TEXT = PrometheusTextFormatWriter.create();
    private static final ExpositionFormatWriter OPEN = OpenMetricsTextFormatWriter.create();

    private static final String END = "# EOF\n";
    private static final Pattern TYPE =
            Pattern.compile("^# TYPE (\\S+) counter$", Pattern.MULTILINE);
    private static final Pattern HELP = Pattern.compile("^# HELP (\\S+) ", Pattern.MULTILINE);

    /**
     * Samples the library gets at a time. It makes several objects of each, and a page of all of
     * them at once would outlive the young generation, page after page, until a collection of the
     * whole heap stops everybody.
     */
    private static final int SAMPLES = 500;

    Figures {
        main = byName(main);
        twins = byName(twins);
    }

    private static List<Family> byName(List<Family> families) {
        List<Family> sorted = families.stream().sorted(Comparator.comparing(Family::base)).toList();
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).base().equals(sorted.get(i - 1).base())) {
                throw new IllegalStateException("two metrics " + sorted.get(i).name());
            }
        }
        return sorted;
    }

    /** Appends the page to {@code out}, in UTF-8. */
    void write(Format format, ByteBuf out) {
        switch (format) {
            case TEXT -> {
                write(TEXT, main, 0, out);
                write(TEXT, twins, 0, out);
            }
            case OPEN_METRICS -> {
                write(OPEN, main, END.length(), out);
                out.writeCharSequence(withFullNames(openText(twins)), StandardCharsets.UTF_8);
                out.writeCharSequence(END, StandardCharsets.UTF_8);
            }
        }
    }

    /**
     * @param tail bytes at the end of each piece that are not wanted
     */
    private static void write(
            ExpositionFormatWriter writer, List<Family> families, int tail, ByteBuf out) {
        int from = 0;
        while (from < families.size()) {
            int to = from;
            int samples = 0;
            while (to < families.size() && samples < SAMPLES) {
                samples += families.get(to).size();
                to++;
            }
            write(writer, snapshots(families.subList(from, to)), new ByteBufOutputStream(out));
            out.writerIndex(out.writerIndex() - tail);
            from = to;
        }
    }

    /** Without its last line. */
    private static String openText(List<Family> families) {
        var out = new ByteArrayOutputStream();
        write(OPEN, snapshots(families), out);
        String text = out.toString(StandardCharsets.UTF_8);
        return text.substring(0, text.length() - END.length());
    }

    private static MetricSnapshots snapshots(List<Family> families) {
        var snapshots = MetricSnapshots.builder();
        families.forEach(family -> snapshots.metricSnapshot(family.snapshot()));
        return snapshots.build();
    }

    /** Metrics {@code x_total} of no type: so the names of the samples are those of the text. */
    private static String withFullNames(String counters) {
        String typed = TYPE.matcher(counters).replaceAll("# TYPE $1_total unknown");
        return HELP.matcher(typed).replaceAll("# HELP $1_total ");
    }

    private static void write(
            ExpositionFormatWriter writer, MetricSnapshots snapshots, OutputStream out) {
        try {
            writer.write(out, snapshots, EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
    }
}
