package io.pgdoorman.session;

import io.pgdoorman.net.DetachedSocket;

/** An admin console off its loop, with its connection. Threads: immutable; one owner. */
public record MovingConsole(FrozenConsole state, DetachedSocket client) {}
