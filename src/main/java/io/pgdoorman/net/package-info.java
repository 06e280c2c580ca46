/**
 * Sockets and event loops: the choice between epoll and io_uring, listeners, connections, moving a
 * channel to another loop, and the few calls to the C library that neither the JDK nor Netty has.
 *
 * <p>Only this package knows which transport is in use. Rank 2: it may import {@code wire} and
 * {@code config}. The facts behind it are in {@code docs/internals/transport.md}.
 */
@NullMarked
package io.pgdoorman.net;

import org.jspecify.annotations.NullMarked;
