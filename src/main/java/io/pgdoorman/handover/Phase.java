package io.pgdoorman.handover;

import java.util.Locale;

/** Where a handover is. See docs/internals/handover.md. */
public enum Phase {
    /** None runs. */
    NONE,
    /** The new program checks the configuration. */
    VALIDATE,
    /** The successor starts and says what it is. */
    HELLO,
    /** Listening sockets pass. */
    LISTENERS,
    /** The successor accepts, the predecessor no longer does. */
    READY,
    /** Both serve; the operator has not decided yet. */
    STAGED,
    /** Clients and servers move. */
    SESSIONS,
    /** What is left passes; the predecessor goes. */
    END;

    /** As in log lines and answers. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
