/**
 * The load of {@code src/bench/handover}: many clients on one thread, which notes when each query
 * was sent and when its answer was complete. It needs nothing but the JDK, so that the script can
 * compile it alone.
 */
@NullMarked
package io.pgdoorman.bench.load;

import org.jspecify.annotations.NullMarked;
