/**
 * One connection to a PostgreSQL server: login, position in the protocol, tracked parameters, the
 * traces a session leaves on it and how they are cleaned up, cancel requests. Rank 4.
 */
@NullMarked
package io.pgdoorman.backend;

import org.jspecify.annotations.NullMarked;
