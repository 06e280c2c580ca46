/**
 * The composition root: builds the long-lived objects from a configuration, owns start, stop and
 * signals. Rank 10.
 */
@NullMarked
package io.pgdoorman.runtime;

import org.jspecify.annotations.NullMarked;
