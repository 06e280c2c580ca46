/**
 * Drivers and what is built on them, with their own defaults, through the packaged program in
 * transaction mode: more clients than servers, more statements than a server keeps, and a handover
 * in the middle.
 */
@NullMarked
package io.pgdoorman.drivers;

import org.jspecify.annotations.NullMarked;
