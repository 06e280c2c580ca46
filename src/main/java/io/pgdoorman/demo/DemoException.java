package io.pgdoorman.demo;

/** The demonstration cannot run; the message says why and what to do. */
public final class DemoException extends Exception {
    private static final long serialVersionUID = 1L;

    DemoException(String message) {
        super(message);
    }
}
