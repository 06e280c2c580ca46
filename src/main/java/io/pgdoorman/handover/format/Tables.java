package io.pgdoorman.handover.format;

/**
 * What the parts of one message share, each written once. Threads: confined to its user.
 *
 * @param parameters sets of parameters
 * @param statements prepared statements
 */
record Tables(ParameterTable parameters, StatementTable statements) {
    Tables() {
        this(new ParameterTable(), new StatementTable());
    }
}
