package io.pgdoorman.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;

/**
 * Standard error, by its descriptor: System.err would be locked by a write that blocks, and
 * everybody who flushes it, at the end of the process too, would wait. It stays open for what is
 * not logged. Threads: confined to the writer of the {@link LogQueue}.
 */
final class ErrorStream implements LogSink {
    private final Encoder<ILoggingEvent> encoder;
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.err);

    ErrorStream(LogFormat format, boolean color) {
        this.encoder =
                switch (format) {
                    case TEXT, DEBUG -> new TextLogEncoder(color);
                    case STRUCTURED -> new JsonLogEncoder();
                };
    }

    @Override
    public void write(ILoggingEvent event) throws IOException {
        out.write(encoder.encode(event));
    }

    @Override
    public String name() {
        return "standard error";
    }
}
