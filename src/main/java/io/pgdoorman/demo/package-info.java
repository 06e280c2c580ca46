/**
 * Demonstration: a PostgreSQL of its own in a temporary directory, with the pooler in front of it.
 *
 * <p>Rank: between the composition root, which it starts, and the command line, which starts it.
 */
@NullMarked
package io.pgdoorman.demo;

import org.jspecify.annotations.NullMarked;
