/**
 * What the pooler counts and times, per pool: written on the event loops without contention, read
 * by the admin console and the metrics page. Rank 2.
 */
@NullMarked
package io.pgdoorman.stats;

import org.jspecify.annotations.NullMarked;
