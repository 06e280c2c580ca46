package io.pgdoorman.shell;

/**
 * A command has not written what it should. The message says why, as what goes on after its name;
 * it has nothing of the command's output but the first line of its standard error.
 */
public final class ShellException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean late;

    ShellException(String message, boolean late) {
        super(message);
        this.late = late;
    }

    ShellException(String message, Throwable cause) {
        super(message, cause);
        this.late = false;
    }

    /** Whether it took too long. */
    public boolean isLate() {
        return late;
    }
}
