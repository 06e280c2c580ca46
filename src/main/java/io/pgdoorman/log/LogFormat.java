package io.pgdoorman.log;

/** Values of {@code --log-format}. */
public enum LogFormat {
    TEXT,
    /** One JSON object per line. */
    STRUCTURED,
    /** Another name of {@link #TEXT}, for old command lines. */
    DEBUG
}
