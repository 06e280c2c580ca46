package io.pgdoorman.admin;

import io.pgdoorman.lookup.LookupCounts;

/**
 * Look-ups of users for one database. Threads: immutable, but the counts go on.
 *
 * @param entries names remembered
 * @param pools of users that were looked up
 */
public record AuthQueryRow(String database, int entries, int pools, LookupCounts counts) {}
