package io.pgdoorman.handover;

import io.pgdoorman.log.JsonText;

import org.jspecify.annotations.Nullable;

/** A JSON object, field by field, for answers to {@code ctl}. Threads: confined to its user. */
final class Json {
    private final StringBuilder text = new StringBuilder("{");

    Json put(String name, long value) {
        return putRaw(name, Long.toString(value));
    }

    Json put(String name, boolean value) {
        return putRaw(name, Boolean.toString(value));
    }

    Json put(String name, @Nullable String value) {
        return putRaw(name, value == null ? "null" : JsonText.quoted(value));
    }

    Json put(String name, @Nullable Json value) {
        return putRaw(name, value == null ? "null" : value.toString());
    }

    private Json putRaw(String name, String value) {
        if (text.length() > 1) {
            text.append(',');
        }
        text.append(JsonText.quoted(name)).append(':').append(value);
        return this;
    }

    @Override
    public String toString() {
        return text + "}";
    }
}
