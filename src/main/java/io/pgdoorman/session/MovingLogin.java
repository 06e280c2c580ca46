package io.pgdoorman.session;

import io.pgdoorman.net.DetachedSocket;

/** A login off its loop, with its connection. Threads: immutable; one owner. */
public record MovingLogin(FrozenLogin state, DetachedSocket client) {}
