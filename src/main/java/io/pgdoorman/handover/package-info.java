/**
 * One process takes over from another: listeners, clients and servers move while they work. See
 * docs/internals/handover.md.
 */
@NullMarked
package io.pgdoorman.handover;

import org.jspecify.annotations.NullMarked;
