/** Commands of the shell that write a secret. Rank: the ground. */
@NullMarked
package io.pgdoorman.shell;

import org.jspecify.annotations.NullMarked;
