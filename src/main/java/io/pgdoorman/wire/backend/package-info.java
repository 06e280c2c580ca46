/**
 * The messages a server sends, one record for each, by the manual's names; {@link
 * io.pgdoorman.wire.backend.BackendMessages} decodes by type byte, {@link
 * io.pgdoorman.wire.backend.Authentication} by kind. Rank 1.
 */
@NullMarked
package io.pgdoorman.wire.backend;

import org.jspecify.annotations.NullMarked;
