package io.pgdoorman.net;

/** What the setting {@code transport} asks for. Threads: immutable. */
public enum TransportChoice {
    /** Runs on every Linux. */
    EPOLL,
    /** Wanted by name: where it is forbidden, a warning says why and epoll is used. */
    IO_URING,
    /** io_uring where kernel and container allow it, epoll elsewhere, without a warning. */
    AUTO
}
