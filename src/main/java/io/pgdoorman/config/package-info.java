/**
 * Configuration: files in, one immutable {@link io.pgdoorman.config.Config} snapshot or a list of
 * problems out. The table of keys ({@code GeneralKeys}, {@code PoolKeys}, ...) is the one place
 * where a setting is declared; parsing, validation, the manual and the example file follow from it.
 *
 * <p>Rank 0: imports no other package of ours.
 */
@NullMarked
package io.pgdoorman.config;

import org.jspecify.annotations.NullMarked;
