/**
 * Command line: options and their environment variables, the check of configuration files and exit
 * codes. The only package that ends the process.
 *
 * <p>Rank: the highest.
 */
@NullMarked
package io.pgdoorman.cli;

import org.jspecify.annotations.NullMarked;
