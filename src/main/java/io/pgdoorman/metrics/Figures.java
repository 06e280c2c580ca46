package io.pgdoorman.metrics;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What a page shows, to be written in either format. Threads: immutable.
 *
 * @param main all but the twins
 * @param twins counters {@code x_total} beside which there is a gauge {@code x}. The text format
 *     has no objection; to OpenMetrics, and to the library, both would be the metric {@code x}.
 */
record Figures(MetricSnapshots main, MetricSnapshots twins) {
    private static final ExpositionFormatWriter TEXT = PrometheusTextFormatWriter.create();
    private static final ExpositionFormatWriter OPEN = OpenMetricsTextFormatWriter.create();

    private static final String END = "# EOF\n";
    private static final Pattern TYPE =
            Pattern.compile("^# TYPE (\\S+) counter$", Pattern.MULTILINE);
    private static final Pattern HELP = Pattern.compile("^# HELP (\\S+) ", Pattern.MULTILINE);

    byte[] write(Format format) {
        return switch (format) {
            case TEXT -> {
                var out = new ByteArrayOutputStream();
                write(TEXT, main, out);
                write(TEXT, twins, out);
                yield out.toByteArray();
            }
            case OPEN_METRICS -> {
                String text = openText(main);
                yield (text + withFullNames(openText(twins)) + END)
                        .getBytes(StandardCharsets.UTF_8);
            }
        };
    }

    /** Without its last line. */
    private static String openText(MetricSnapshots snapshots) {
        var out = new ByteArrayOutputStream();
        write(OPEN, snapshots, out);
        String text = out.toString(StandardCharsets.UTF_8);
        return text.substring(0, text.length() - END.length());
    }

    /** Metrics {@code x_total} of no type: so the names of the samples are those of the text. */
    private static String withFullNames(String counters) {
        String typed = TYPE.matcher(counters).replaceAll("# TYPE $1_total unknown");
        return HELP.matcher(typed).replaceAll("# HELP $1_total ");
    }

    private static void write(
            ExpositionFormatWriter writer, MetricSnapshots snapshots, ByteArrayOutputStream out) {
        try {
            writer.write(out, snapshots, EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // an array does not fail
        }
    }
}
