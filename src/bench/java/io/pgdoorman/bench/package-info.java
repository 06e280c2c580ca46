/** What the micro-benchmarks share. The benchmarks themselves live in the packages they measure. */
@NullMarked
package io.pgdoorman.bench;

import org.jspecify.annotations.NullMarked;
