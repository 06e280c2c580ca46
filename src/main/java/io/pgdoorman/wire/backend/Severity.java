package io.pgdoorman.wire.backend;

import org.jspecify.annotations.Nullable;

/**
 * How grave an ErrorResponse or NoticeResponse is; each name is the text on the wire. Threads:
 * immutable.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS">Message
 *     Severity Levels</a>
 */
public enum Severity {
    /** The statement failed; the session goes on. */
    ERROR,
    /** The session ends. */
    FATAL,
    /** All sessions of the server end. */
    PANIC,
    WARNING,
    NOTICE,
    DEBUG,
    INFO,
    LOG;

    /** Null for a text that is none of these, such as a translated one. */
    static @Nullable Severity of(@Nullable String text) {
        for (Severity severity : values()) {
            if (severity.name().equals(text)) {
                return severity;
            }
        }
        return null;
    }
}
