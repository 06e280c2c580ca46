package io.pgdoorman.web;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A response as data. Threads: immutable by use.
 *
 * @param headers beside those that tell the length and whether the connection stays
 * @param body owned: whoever has the answer sends or releases it
 */
record Answer(HttpResponseStatus status, Map<String, String> headers, ByteBuf body) {
    static Answer text(HttpResponseStatus status, String text) {
        return text(status, text, Map.of());
    }

    static Answer text(HttpResponseStatus status, String text, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put("content-type", "text/plain; charset=utf-8");
        all.put("cache-control", "no-store");
        byte[] line = (text + "\n").getBytes(StandardCharsets.UTF_8);
        return new Answer(status, all, Unpooled.wrappedBuffer(line));
    }

    static Answer lines(HttpResponseStatus status, List<String> lines) {
        return text(status, String.join("\n", lines));
    }
}
