package io.pgdoorman.handover;

/** The other process did not answer in time; it may be stopped, slow or hung. */
final class HandoverTimeoutException extends HandoverException {
    private static final long serialVersionUID = 1L;

    HandoverTimeoutException(String message) {
        super(message);
    }
}
