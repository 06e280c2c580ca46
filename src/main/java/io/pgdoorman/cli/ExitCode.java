package io.pgdoorman.cli;

/** Exit codes of the program, some of them named as in sysexits.h. Threads: immutable. */
final class ExitCode {
    static final int OK = 0;

    /** A failure that has no code of its own. */
    static final int FAILURE = 1;

    /** Wrong options, or wrong values in the environment variables that stand for options. */
    static final int USAGE = 2;

    /** The operating system refused something, such as detaching (EX_OSERR). */
    static final int OS_ERROR = 71;

    /** The configuration cannot be loaded (EX_CONFIG). */
    static final int CONFIG = 78;

    private ExitCode() {}
}
