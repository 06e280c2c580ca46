/**
 * The packaged program under real and hostile clients, against real and failing servers. Each class
 * starts what it needs once and shares it among its tests.
 */
@NullMarked
package io.pgdoorman.process;

import org.jspecify.annotations.NullMarked;
