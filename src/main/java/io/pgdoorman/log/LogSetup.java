package io.pgdoorman.log;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

import org.slf4j.LoggerFactory;

import java.io.FileDescriptor;
import java.io.FileOutputStream;

/**
 * Sets logback up without its configuration files: everything goes to standard error, through a
 * queue, so that a reader who does not read never stalls a network thread; what the queue cannot
 * take is dropped. Threads: main only.
 */
public final class LogSetup implements AutoCloseable {
    private static final int QUEUE_LINES = 8192;
    private static final int FLUSH_MILLIS = 1000;

    /** How the names of threads begin whose lines are only seen if something goes wrong. */
    public static final String QUIET_THREADS = "pooler-warm-up";

    private final LoggerContext context;
    private final LogLevels levels;

    private LogSetup(LoggerContext context, LogLevels levels) {
        this.context = context;
        this.levels = levels;
    }

    /** Logs until the result is closed. */
    public static LogSetup start(LogFilter filter, LogFormat format, boolean color) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();

        var console = new OutputStreamAppender<ILoggingEvent>();
        console.setContext(context);
        console.setEncoder(start(encoder(format, color), context));
        console.setOutputStream(new StandardError());
        console.addFilter(new WithoutRehearsal());
        console.start();

        var queue = new AsyncAppender();
        queue.setContext(context);
        queue.setQueueSize(QUEUE_LINES);
        queue.setDiscardingThreshold(0); // only a full queue drops, whatever the level
        queue.setNeverBlock(true);
        queue.setIncludeCallerData(true);
        queue.setMaxFlushTime(FLUSH_MILLIS);
        queue.addAppender(console);
        queue.start();

        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(queue);
        return new LogSetup(context, new LogLevels(context, filter));
    }

    /** What passes, now and later. */
    public LogLevels levels() {
        return levels;
    }

    /**
     * The descriptor itself. System.err would be locked by a write that blocks, and everybody who
     * flushes it, at the end of the process too, would wait.
     */
    private static final class StandardError extends FileOutputStream {
        StandardError() {
            super(FileDescriptor.err);
        }

        @Override
        public void close() {
            // stays open for what is not logged
        }
    }

    /** What happens in rehearsal is no news, unless it goes wrong. */
    private static final class WithoutRehearsal extends Filter<ILoggingEvent> {
        @Override
        public FilterReply decide(ILoggingEvent event) {
            boolean rehearsal = event.getThreadName().startsWith(QUIET_THREADS);
            return rehearsal && !event.getLevel().isGreaterOrEqual(Level.WARN)
                    ? FilterReply.DENY
                    : FilterReply.NEUTRAL;
        }
    }

    /** Writes what is queued. */
    @Override
    public void close() {
        context.stop();
    }

    private static Encoder<ILoggingEvent> encoder(LogFormat format, boolean color) {
        return switch (format) {
            case TEXT, DEBUG -> new TextLogEncoder(color);
            case STRUCTURED -> new JsonLogEncoder();
        };
    }

    private static Encoder<ILoggingEvent> start(
            Encoder<ILoggingEvent> encoder, LoggerContext context) {
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }
}
