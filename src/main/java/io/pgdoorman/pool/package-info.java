/**
 * Servers of one (database, user): checkout and check-in, the wait queue, limits, lifetimes, and
 * what is done to a server before it meets its next client. Rank 5.
 */
@NullMarked
package io.pgdoorman.pool;

import org.jspecify.annotations.NullMarked;
