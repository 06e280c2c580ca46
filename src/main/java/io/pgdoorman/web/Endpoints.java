package io.pgdoorman.web;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.pgdoorman.metrics.Format;
import io.pgdoorman.metrics.MetricsPage;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** What there is to be asked for. Threads: any but an event loop; answers may take a while. */
public final class Endpoints {
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final List<String> OPEN_METRICS_VERSIONS = List.of("1.0.0", "0.0.1");
    private static final String TEXT = "text/plain";

    private final MetricsPage metrics;
    private final HealthSource health;
    private final Supplier<Optional<Credentials>> reader;

    /**
     * @param reader who may see metrics; empty for everyone
     */
    public Endpoints(
            MetricsPage metrics, HealthSource health, Supplier<Optional<Credentials>> reader) {
        this.metrics = metrics;
        this.health = health;
        this.reader = reader;
    }

    /**
     * @param target path and query of the request
     */
    Answer answer(HttpMethod method, String target, HttpHeaders headers)
            throws InterruptedException {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        boolean known =
                switch (path) {
                    case "/metrics", "/health/live", "/health/ready" -> true;
                    default -> false;
                };
        if (!known) {
            return Answer.text(
                    HttpResponseStatus.NOT_FOUND,
                    "not found; there are /metrics, /health/live and /health/ready");
        }
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            return Answer.text(
                    HttpResponseStatus.METHOD_NOT_ALLOWED,
                    "only GET and HEAD",
                    Map.of("allow", "GET, HEAD"));
        }
        return switch (path) {
            case "/health/live" -> health(health.deathSigns(), "alive");
            case "/health/ready" -> health(health.obstacles(), "ready");
            default -> metrics(headers);
        };
    }

    private static Answer health(List<String> faults, String fine) {
        return faults.isEmpty()
                ? Answer.text(HttpResponseStatus.OK, fine)
                : Answer.lines(HttpResponseStatus.SERVICE_UNAVAILABLE, faults);
    }

    private Answer metrics(HttpHeaders headers) throws InterruptedException {
        Optional<Credentials> wanted = reader.get();
        String given = headers.get(HttpHeaderNames.AUTHORIZATION, "");
        if (wanted.isPresent() && !wanted.get().admit(given)) {
            return Answer.text(
                    HttpResponseStatus.UNAUTHORIZED,
                    "admin_username and admin_password, please",
                    Map.of("www-authenticate", "Basic realm=\"pg_doorman\", charset=\"UTF-8\""));
        }
        Format format = format(new Accept(headers.getAll(HttpHeaderNames.ACCEPT)));
        var encodings = new Accept(headers.getAll(HttpHeaderNames.ACCEPT_ENCODING));
        ByteBuf page = metrics.render(format);
        Map<String, String> more = new LinkedHashMap<>();
        more.put("content-type", format.contentType());
        more.put("vary", "Accept, Accept-Encoding");
        if (encodings.quality("gzip", "*") > 0) {
            more.put("content-encoding", "gzip");
            page = gzip(page);
        }
        return new Answer(HttpResponseStatus.OK, more, page);
    }

    /** The text if both are as welcome: every reader of metrics knows it. */
    private static Format format(Accept accept) {
        double open = accept.quality(OPEN_METRICS, OPEN_METRICS_VERSIONS);
        double text = accept.quality(TEXT, List.of("0.0.4"));
        return open > text ? Format.OPEN_METRICS : Format.TEXT;
    }

    /**
     * @param page released
     */
    private static ByteBuf gzip(ByteBuf page) {
        try {
            ByteBuf out = UnpooledByteBufAllocator.DEFAULT.directBuffer(page.readableBytes() / 8);
            try {
                gzip(page, out);
            } catch (RuntimeException | Error e) {
                out.release();
                throw e;
            }
            return out;
        } finally {
            page.release();
        }
    }

    private static void gzip(ByteBuf page, ByteBuf out) {
        try (var compressed = new Quick(new ByteBufOutputStream(out))) {
            page.getBytes(page.readerIndex(), compressed, page.readableBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
    }

    /**
     * A page is a tenth of its size with the least effort, and little less with five times that.
     */
    private static final class Quick extends GZIPOutputStream {
        Quick(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
