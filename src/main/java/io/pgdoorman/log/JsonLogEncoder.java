package io.pgdoorman.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;

import org.slf4j.event.KeyValuePair;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One JSON object per line: timestamp, level, file, line, message, then logger, thread, the event's
 * own keys, and the stack trace as {@code exception}. Logback's JsonEncoder cannot put the first
 * five in this order. Threads: any, because it has no mutable state.
 */
final class JsonLogEncoder extends EncoderBase<ILoggingEvent> {
    private static final byte[] NONE = {};

    @Override
    public byte[] headerBytes() {
        return NONE;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        StackTraceElement caller = LogLine.caller(event);
        var line = new StringBuilder(256).append('{');
        member(line, "timestamp", LogLine.timestamp(event));
        member(line, "level", event.getLevel().toString());
        member(line, "file", LogLine.file(caller));
        line.append(",\"line\":").append(caller.getLineNumber());
        member(line, "message", LogLine.message(event));
        member(line, "logger", event.getLoggerName());
        member(line, "thread", event.getThreadName());
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs != null) {
            for (KeyValuePair pair : pairs) {
                value(line, pair.key, pair.value);
            }
        }
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            member(line, "exception", ThrowableProxyUtil.asString(thrown));
        }
        return line.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] footerBytes() {
        return NONE;
    }

    private static void value(StringBuilder line, String key, Object value) {
        if (value instanceof Integer || value instanceof Long || value instanceof Boolean) {
            line.append(',');
            JsonText.quote(line, key);
            line.append(':').append(value);
        } else {
            member(line, key, String.valueOf(value));
        }
    }

    private static void member(StringBuilder line, String key, String value) {
        if (line.length() > 1) {
            line.append(',');
        }
        JsonText.quote(line, key);
        line.append(':');
        JsonText.quote(line, value);
    }
}
