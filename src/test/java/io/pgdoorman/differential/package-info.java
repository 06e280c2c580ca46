/**
 * Sequences of wire messages that are played to PostgreSQL itself and through the pooler; what the
 * clients receive must be the same, byte for byte. Each class with a name in the plural holds the
 * sequences of one topic; {@link io.pgdoorman.differential.Steps} is their language, and {@link
 * io.pgdoorman.differential.Transcript} says what little is left out of the comparison.
 */
@NullMarked
package io.pgdoorman.differential;

import org.jspecify.annotations.NullMarked;
