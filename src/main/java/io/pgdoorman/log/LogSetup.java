package io.pgdoorman.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Sets logback up without its configuration files, in two steps: until it is known where the log
 * goes, lines are held; then they go there, with all that follow. Threads: main only.
 */
public final class LogSetup implements AutoCloseable {
    /** How the names of threads begin whose lines are only seen if something goes wrong. */
    public static final String QUIET_THREADS = "pooler-warm-up";

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final ListAppender<ILoggingEvent> held = new ListAppender<>();
    private final LogFormat format;
    private final boolean color;
    private @Nullable LogLevels levels;

    private LogSetup(LogFormat format, boolean color) {
        this.format = format;
        this.color = color;
    }

    /**
     * Holds lines from now on.
     *
     * @param format of standard error
     * @param color whether levels are coloured there
     */
    public static LogSetup hold(LogFormat format, boolean color) {
        var setup = new LogSetup(format, color);
        setup.context.reset();
        setup.held.start();
        setup.root().setLevel(Level.INFO);
        setup.root().addAppender(setup.held);
        return setup;
    }

    /** Logs to standard error until this is closed. */
    public void toStandardError(LogFilter filter) {
        start(filter, new ErrorStream(format, color));
    }

    /**
     * Logs to the local syslog until this is closed; the format is its own.
     *
     * @param program what lines are from there
     * @param socket where it listens; empty for the usual places
     * @throws IOException nobody listens there; lines are held as before
     */
    public void toSyslog(LogFilter filter, String program, Optional<Path> socket)
            throws IOException {
        List<Path> places = socket.map(List::of).orElse(Syslog.USUAL);
        start(filter, Syslog.open(program, places));
    }

    private void start(LogFilter filter, LogSink sink) {
        var queue = new LogQueue(sink, System::nanoTime);
        queue.setContext(context);
        queue.start();
        context.reset();
        levels = new LogLevels(context, filter, queue::lost);
        root().addAppender(queue);
        for (ILoggingEvent line : held.list) {
            if (context.getLogger(line.getLoggerName()).isEnabledFor(line.getLevel())) {
                queue.doAppend(line);
            }
        }
        held.list.clear();
    }

    private Logger root() {
        return context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    /**
     * What passes, now and later.
     *
     * @throws IllegalStateException lines are still held
     */
    public LogLevels levels() {
        if (levels == null) {
            throw new IllegalStateException("the log is not set up yet");
        }
        return levels;
    }

    /** Writes what is queued or held. */
    @Override
    public void close() {
        if (levels == null) {
            toStandardError(LogFilter.of(LogLevel.INFO));
        }
        context.stop();
    }
}
