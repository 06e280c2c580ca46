package io.pgdoorman.handover;

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
        return putRaw(name, value == null ? "null" : quoted(value));
    }

    Json put(String name, @Nullable Json value) {
        return putRaw(name, value == null ? "null" : value.toString());
    }

    private Json putRaw(String name, String value) {
        if (text.length() > 1) {
            text.append(',');
        }
        text.append(quoted(name)).append(':').append(value);
        return this;
    }

    private static String quoted(String value) {
        var out = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                default -> {
                    if (c < ' ') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append('"').toString();
    }

    @Override
    public String toString() {
        return text + "}";
    }
}
