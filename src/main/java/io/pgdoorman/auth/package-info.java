/**
 * Authentication as pure machines: what to send next and what a peer's answer proves. No channel,
 * thread or clock; work that takes milliseconds is handed to the caller as a value.
 *
 * <p>Rank 3: imports {@code wire}, {@code wire.frontend}, {@code wire.backend} and {@code config}.
 */
@NullMarked
package io.pgdoorman.auth;

import org.jspecify.annotations.NullMarked;
