/**
 * Fixtures shared by the tests that need processes or sockets: a real PostgreSQL, the packaged
 * program, and scripted ends of the wire protocol. Fixtures assert nothing. They encode the wire
 * protocol themselves, so that a mistake in the program's own codec cannot hide itself.
 */
@NullMarked
package io.pgdoorman.testing;

import org.jspecify.annotations.NullMarked;
