/**
 * Configurations for those who come from elsewhere: from PgBouncer's files, and from what a living
 * PostgreSQL says about itself. Text out; nothing here is used while the pooler runs.
 *
 * <p>Rank: above the configuration, whose reader checks what is made here, and below the command
 * line.
 */
@NullMarked
package io.pgdoorman.migrate;

import org.jspecify.annotations.NullMarked;
