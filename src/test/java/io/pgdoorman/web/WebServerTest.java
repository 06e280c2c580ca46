package io.pgdoorman.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.pgdoorman.metrics.Exposition;
import io.pgdoorman.metrics.MetricsStage;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** The listener, asked by a usual client and by unusual ones. */
class WebServerTest {
    private static final int TIMEOUT_MILLIS = 10_000;

    private static final class Health implements HealthSource {
        private volatile List<String> deathSigns = List.of();
        private volatile List<String> obstacles = List.of();

        @Override
        public List<String> deathSigns() {
            return deathSigns;
        }

        @Override
        public List<String> obstacles() {
            return obstacles;
        }
    }

    private final MetricsStage stage = new MetricsStage();
    private final Health health = new Health();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Transport transport = Transport.select(TransportChoice.EPOLL, _ -> {});
    private volatile Optional<Credentials> reader = Optional.empty();
    private WebServer server;

    @BeforeEach
    void start() throws IOException {
        server = open(new InetSocketAddress("127.0.0.1", 0));
    }

    private WebServer open(InetSocketAddress address) throws IOException {
        var endpoints = new Endpoints(stage.page(), health, () -> reader);
        return WebServer.listen(transport, address, endpoints, "test-web");
    }

    @AfterEach
    void stop() {
        http.close();
        server.close();
        stage.close();
    }

    private InetSocketAddress address() {
        return (InetSocketAddress) server.address();
    }

    private HttpResponse<byte[]> ask(String method, String path, String... headers)
            throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address().getPort() + path))
                        .version(HttpClient.Version.HTTP_1_1)
                        .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), BodyHandlers.ofByteArray());
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static String request(String line, String... headers) {
        return line + "\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
    }

    /** What comes back for these bytes until the connection is closed. */
    private String raw(String bytes) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(address(), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    @Test
    void servesTheTextUnlessMoreIsAskedFor() throws Exception {
        HttpResponse<byte[]> response = ask("GET", "/metrics?name=x");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type"))
                .hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(response.headers().firstValue("vary")).hasValue("Accept, Accept-Encoding");
        assertThat(response.headers().firstValue("content-encoding")).isEmpty();
        assertThat(Exposition.parse(text(response)).sum("pg_doorman_pool_size")).isEqualTo(7);
    }

    @Test
    void servesOpenMetricsToWhoPrefersIt() throws Exception {
        HttpResponse<byte[]> response =
                ask(
                        "GET",
                        "/metrics",
                        "accept",
                        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                                + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1");

        assertThat(response.headers().firstValue("content-type"))
                .hasValue("application/openmetrics-text; version=1.0.0; charset=utf-8");
        assertThat(text(response)).endsWith("# EOF\n");
    }

    @Test
    void compressesForWhoTakesGzip() throws Exception {
        HttpResponse<byte[]> plain = ask("GET", "/metrics", "accept-encoding", "gzip;q=0");
        HttpResponse<byte[]> packed = ask("GET", "/metrics", "accept-encoding", "br, gzip");

        assertThat(plain.headers().firstValue("content-encoding")).isEmpty();
        assertThat(packed.headers().firstValue("content-encoding")).hasValue("gzip");
        assertThat(packed.body().length).isLessThan(plain.body().length / 2);
        try (var unpacked = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
            Exposition page =
                    Exposition.parse(new String(unpacked.readAllBytes(), StandardCharsets.UTF_8));
            assertThat(page.sum("pg_doorman_pool_size")).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/health/live", "/health/ready"})
    void headHasTheHeadersAlone(String path) throws Exception {
        HttpResponse<byte[]> response = ask("HEAD", path);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
        assertThat(response.headers().firstValueAsLong("content-length").orElse(0)).isPositive();
    }

    @Test
    void refusesOtherPathsAndMethods() throws Exception {
        assertThat(ask("GET", "/").statusCode()).isEqualTo(404);
        assertThat(ask("GET", "/metricsx").statusCode()).isEqualTo(404);
        HttpResponse<byte[]> post = ask("POST", "/metrics");
        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.headers().firstValue("allow")).hasValue("GET, HEAD");
    }

    @Test
    void tellsWhyTheProcessIsUnwell() throws Exception {
        assertThat(ask("GET", "/health/live").statusCode()).isEqualTo(200);
        assertThat(ask("GET", "/health/ready").statusCode()).isEqualTo(200);
        health.deathSigns = List.of("it is stuck");
        health.obstacles = List.of("it drains", "it is stuck");

        assertThat(ask("GET", "/health/live").statusCode()).isEqualTo(503);
        HttpResponse<byte[]> ready = ask("GET", "/health/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(text(ready)).isEqualTo("it drains\nit is stuck\n");
    }

    @Test
    void asksForTheAccountForMetricsAlone() throws Exception {
        reader = Optional.of(new Credentials("admin", "secret"));

        HttpResponse<byte[]> stranger = ask("GET", "/metrics");
        HttpResponse<byte[]> operator =
                ask("GET", "/metrics", "authorization", "Basic YWRtaW46c2VjcmV0");

        assertThat(stranger.statusCode()).isEqualTo(401);
        assertThat(stranger.headers().firstValue("www-authenticate").orElse(""))
                .startsWith("Basic realm=");
        assertThat(operator.statusCode()).isEqualTo(200);
        assertThat(ask("GET", "/health/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void answersOneRequestAfterTheOther() throws Exception {
        String answers =
                raw(
                        request("GET /health/live HTTP/1.1", "host: x")
                                + request("GET /nothing HTTP/1.1", "host: x")
                                + request("HEAD /metrics HTTP/1.1", "host: x")
                                + request("GET /health/ready HTTP/1.1", "connection: close"));

        assertThat(answers.lines().filter(line -> line.startsWith("HTTP/1.1 ")))
                .containsExactly(
                        "HTTP/1.1 200 OK",
                        "HTTP/1.1 404 Not Found",
                        "HTTP/1.1 200 OK",
                        "HTTP/1.1 200 OK");
        assertThat(answers).contains("\r\n\r\nalive\nHTTP").endsWith("\r\n\r\nready\n");
    }

    @Test
    void closesAfterOneAnswerToOldClients() throws Exception {
        assertThat(raw("GET /health/live HTTP/1.0\r\n\r\n")).contains(" 200 ").endsWith("alive\n");
    }

    @Test
    void refusesWhatIsNoRequest() throws Exception {
        assertThat(raw("\0\1\2 garbage\r\n\r\n")).startsWith("HTTP/1.1 400");
        assertThat(raw("GET /metrics HTTP/1.1\r\nbroken header\0\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(raw("GET /" + "x".repeat(5000) + " HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 414");
        assertThat(raw("GET / HTTP/1.1\r\nx: " + "x".repeat(9000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(raw("POST / HTTP/1.1\r\ncontent-length: 1000000\r\nconnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 413");

        assertThat(ask("GET", "/health/live").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2000, 2035, 3000, 4000})
    void takesRequestsOfAnySizeBelowTheLimit(int length) throws Exception {
        String answer =
                raw("GET /" + "x".repeat(length) + " HTTP/1.1\r\nconnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 404");
    }

    @Test
    void takesRequestsThatComeByteByByte() throws Exception {
        try (var socket = new Socket()) {
            socket.connect(address(), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.setTcpNoDelay(true);
            for (char one : "GET /health/live HTTP/1.1\r\n\r\n".toCharArray()) {
                socket.getOutputStream().write(one);
            }

            assertThat(new String(socket.getInputStream().readNBytes(15), ISO_8859_1))
                    .isEqualTo("HTTP/1.1 200 OK");
        }
    }

    @Test
    void namesAnAddressItCannotHave() {
        assertThatThrownBy(() -> open(address()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1:" + address().getPort());
    }

    @Test
    void freesItsAddressWhenItIsClosed() throws Exception {
        ask("GET", "/health/live");
        InetSocketAddress address = address();

        server.close();

        server = open(address);
        assertThat(ask("GET", "/health/live").statusCode()).isEqualTo(200);
    }
}
