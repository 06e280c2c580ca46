/**
 * The log: what passes ({@link io.pgdoorman.log.LogFilter}, {@link io.pgdoorman.log.LogLevels}),
 * how a line looks, and where it goes. Everybody logs through SLF4J; this package is behind it.
 * Rank 0.
 */
@NullMarked
package io.pgdoorman.log;

import org.jspecify.annotations.NullMarked;
