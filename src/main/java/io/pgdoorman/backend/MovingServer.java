package io.pgdoorman.backend;

import io.pgdoorman.net.DetachedSocket;

/** A server without a client, off its loop. Threads: immutable; one owner. */
public record MovingServer(FrozenServer state, DetachedSocket socket) {}
