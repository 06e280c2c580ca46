/**
 * Users that the configuration does not name, looked up in PostgreSQL ({@code auth_query}): the
 * query, and the memory of its answers. Rank: above {@code pool}, beside {@code session}.
 */
@NullMarked
package io.pgdoorman.lookup;

import org.jspecify.annotations.NullMarked;
