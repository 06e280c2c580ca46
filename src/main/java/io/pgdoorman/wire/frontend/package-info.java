/**
 * The messages a client sends, one record for each, by the manual's names; {@link
 * io.pgdoorman.wire.frontend.FrontendMessages} decodes by type byte, {@link
 * io.pgdoorman.wire.frontend.StartupPacket} what comes before there are type bytes. Rank 1.
 */
@NullMarked
package io.pgdoorman.wire.frontend;

import org.jspecify.annotations.NullMarked;
