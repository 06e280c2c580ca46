/**
 * HTTP for machines that watch the process: metrics and health. Rank: above {@code metrics}, below
 * {@code runtime}.
 */
@NullMarked
package io.pgdoorman.web;

import org.jspecify.annotations.NullMarked;
