package io.pgdoorman.session;

import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.net.LoopChoice;

/**
 * What the logins of clients need from the process.
 *
 * <p>Threads: immutable.
 *
 * @param derivations of keys, which would block a loop
 * @param consoles of operators
 * @param loops told of clients that come from another process
 * @param rehearse freeze and thaw each session after each event: a test of the state's completeness
 */
public record ClientServices(
        AuthenticationContext authentication,
        Derivations derivations,
        boolean rehearse,
        Consoles consoles,
        LoopChoice loops) {}
