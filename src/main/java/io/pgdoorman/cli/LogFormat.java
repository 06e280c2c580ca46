package io.pgdoorman.cli;

/** Values of {@code --log-format}. */
enum LogFormat {
    TEXT,
    /** One JSON object per line. */
    STRUCTURED,
    /** Another name of {@link #TEXT}, for old command lines. */
    DEBUG
}
