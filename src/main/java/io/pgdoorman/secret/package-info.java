/**
 * Passwords of the pooler's own logins at PostgreSQL that stand elsewhere than in the
 * configuration: in files, in what a command writes, or as tokens signed with a key. Rank: above
 * {@code config} and {@code tls}, below {@code auth}.
 */
@NullMarked
package io.pgdoorman.secret;

import org.jspecify.annotations.NullMarked;
