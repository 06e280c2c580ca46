/**
 * Prepared statements apart from any connection: what makes two of them the same, where a pool
 * keeps them, which of them a server has, and the few statements about statements.
 */
@NullMarked
package io.pgdoorman.statement;

import org.jspecify.annotations.NullMarked;
