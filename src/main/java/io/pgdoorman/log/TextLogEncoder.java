package io.pgdoorman.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;

import java.nio.charset.StandardCharsets;

/**
 * {@code <UTC time with milliseconds> <level> <file>:<line>: <message>[ key=value]...}, a stack
 * trace on lines of its own. Threads: any, because it has no mutable state.
 */
final class TextLogEncoder extends EncoderBase<ILoggingEvent> {
    private static final byte[] NONE = {};
    private static final String RESET = "\u001b[0m";

    private final boolean color;

    /** With {@code color} the level, and only it, is coloured. */
    TextLogEncoder(boolean color) {
        this.color = color;
    }

    @Override
    public byte[] headerBytes() {
        return NONE;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        StackTraceElement caller = LogLine.caller(event);
        var line = new StringBuilder(160).append(LogLine.timestamp(event)).append(' ');
        appendLevel(line, event.getLevel());
        line.append(' ').append(LogLine.file(caller)).append(':').append(caller.getLineNumber());
        line.append(": ").append(LogLine.text(event));
        line.append('\n');
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            line.append(ThrowableProxyUtil.asString(thrown));
        }
        return line.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] footerBytes() {
        return NONE;
    }

    private void appendLevel(StringBuilder line, Level level) {
        String name = level.toString();
        line.repeat(' ', Math.max(0, 5 - name.length()));
        if (color) {
            line.append(colorOf(level)).append(name).append(RESET);
        } else {
            line.append(name);
        }
    }

    private static String colorOf(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> "\u001b[31m"; // red
            case Level.WARN_INT -> "\u001b[33m"; // yellow
            case Level.INFO_INT -> "\u001b[32m"; // green
            case Level.DEBUG_INT -> "\u001b[36m"; // cyan
            default -> "\u001b[90m"; // grey
        };
    }
}
