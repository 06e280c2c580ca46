package io.pgdoorman.config;

/**
 * One rule of {@link HbaRules}. Threads: immutable.
 *
 * @param line in its file or text, from 1; 0 for a rule that was not written
 * @param text the line without comment and with single blanks, for logs
 */
public record HbaRule(int line, String text, HbaMethod method) {}
