/** One client: login, linking to a server, the relay between both, cancel requests. Rank 6. */
@NullMarked
package io.pgdoorman.session;

import org.jspecify.annotations.NullMarked;
