package io.pgdoorman.web;

import io.netty.handler.codec.http.HttpResponseStatus;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A response as data. Threads: immutable by use.
 *
 * @param headers beside those that tell the length and whether the connection stays
 */
record Answer(HttpResponseStatus status, Map<String, String> headers, byte[] body) {
    static Answer text(HttpResponseStatus status, String text) {
        return text(status, text, Map.of());
    }

    static Answer text(HttpResponseStatus status, String text, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put("content-type", "text/plain; charset=utf-8");
        all.put("cache-control", "no-store");
        return new Answer(status, all, (text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static Answer lines(HttpResponseStatus status, List<String> lines) {
        return text(status, String.join("\n", lines));
    }
}
