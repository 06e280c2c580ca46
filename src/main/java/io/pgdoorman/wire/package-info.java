/**
 * The PostgreSQL frontend/backend protocol 3.0 and 3.2 without any I/O: framing limits, type bytes,
 * strings and the small values that messages are made of. {@link io.netty.buffer.ByteBuf} in,
 * values out; no channel, socket, thread or clock. The messages themselves are in {@code
 * wire.frontend} and {@code wire.backend}. Rank 0.
 */
@NullMarked
package io.pgdoorman.wire;

import org.jspecify.annotations.NullMarked;
