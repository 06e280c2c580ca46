package io.pgdoorman.handover;

/** The other process could not do what it was asked for, and is well otherwise. */
final class PeerFailedException extends HandoverException {
    private static final long serialVersionUID = 1L;

    PeerFailedException(String reason) {
        super("the other process failed: " + reason);
    }
}
