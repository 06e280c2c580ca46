package io.pgdoorman.cli;

/** The command line or a variable that stands for an option is wrong; the message says what. */
final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
