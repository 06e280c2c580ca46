package io.pgdoorman.process.load;

/** An answer differs from what the client foretold. */
final class WrongAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongAnswerException(String message) {
        super(message);
    }
}
