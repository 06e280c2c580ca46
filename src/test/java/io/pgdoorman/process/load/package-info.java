/**
 * Load by many clients of different kinds, each of which checks every byte it is answered, and the
 * harness that runs them against the packaged program while something disturbs it. A client asks
 * for what it can foretell, so that a lost, doubled, mixed up or changed message is always a fault.
 */
@NullMarked
package io.pgdoorman.process.load;

import org.jspecify.annotations.NullMarked;
