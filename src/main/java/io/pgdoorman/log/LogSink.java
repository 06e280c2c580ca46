package io.pgdoorman.log;

import ch.qos.logback.classic.spi.ILoggingEvent;

import java.io.IOException;

/** Where lines go. Threads: confined to the writer of the {@link LogQueue}. */
interface LogSink {
    /**
     * Writes one line; may wait.
     *
     * @throws IOException the line is lost; the next one may succeed
     */
    void write(ILoggingEvent event) throws IOException;

    /** What it is called in a line about lost ones. */
    String name();
}
