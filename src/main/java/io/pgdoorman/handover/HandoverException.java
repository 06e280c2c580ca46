package io.pgdoorman.handover;

/** A handover cannot go on; the message says where and why, in words for the operator's log. */
public sealed class HandoverException extends Exception
        permits HandoverTimeoutException, NotGivenException, PeerFailedException {
    private static final long serialVersionUID = 1L;

    public HandoverException(String message) {
        super(message);
    }

    public HandoverException(String message, Throwable cause) {
        super(message, cause);
    }
}
