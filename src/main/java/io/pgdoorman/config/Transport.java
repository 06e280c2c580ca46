package io.pgdoorman.config;

/** How sockets are driven. Threads: immutable. */
public enum Transport {
    EPOLL,
    IO_URING,
    /** {@link #IO_URING} where kernel and container allow it, else {@link #EPOLL}. */
    AUTO
}
