package io.pgdoorman.cli;

/** Values of {@code --log-level}; the names are logback's too. */
enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
}
