package io.pgdoorman.handover.format;

import java.io.IOException;

/** What the other process wrote cannot be understood; the message says what of it. */
public final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    public FormatException(String message) {
        super(message);
    }
}
