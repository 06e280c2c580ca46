package io.pgdoorman.session;

import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.net.LoopChoice;

import java.util.concurrent.Executor;

/**
 * What the logins of clients need from the process.
 *
 * <p>Threads: immutable.
 *
 * @param executor for what would block a loop: key derivation
 * @param consoles of operators
 * @param loops told of clients that come from another process
 * @param rehearse freeze and thaw each session after each event: a test of the state's completeness
 */
public record ClientServices(
        AuthenticationContext authentication,
        Executor executor,
        boolean rehearse,
        Consoles consoles,
        LoopChoice loops) {}
