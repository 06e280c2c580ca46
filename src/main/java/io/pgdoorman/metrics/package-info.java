/**
 * The metrics page: figures of the process in Prometheus' formats. The only package that knows the
 * Prometheus library. Rank: above {@code admin}, below {@code web}.
 */
@NullMarked
package io.pgdoorman.metrics;

import org.jspecify.annotations.NullMarked;
