package io.pgdoorman.handover;

/** This process could not give what it has; the other one is well, and gives back what it has. */
final class NotGivenException extends HandoverException {
    private static final long serialVersionUID = 1L;

    NotGivenException(String reason) {
        super(reason);
    }

    NotGivenException(Throwable cause) {
        super("a batch could not be made: " + cause, cause);
    }
}
