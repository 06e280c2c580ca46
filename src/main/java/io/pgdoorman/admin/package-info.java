/**
 * The admin console: databases {@code pgdoorman} and {@code pgbouncer}, answered by the pooler
 * itself. Rank 8.
 */
@NullMarked
package io.pgdoorman.admin;

import org.jspecify.annotations.NullMarked;
