/**
 * What one process writes down for the next: numbered fields in the encoding of Protocol Buffers,
 * so that either side may be the newer one and {@code protoc --decode_raw} shows what was sent.
 */
@NullMarked
package io.pgdoorman.handover.format;

import org.jspecify.annotations.NullMarked;
