package io.pgdoorman.session;

import io.pgdoorman.net.DetachedSocket;

import org.jspecify.annotations.Nullable;

/**
 * A session off its loop, with its connections. It is nobody's but the holder's: it can go on in
 * this process or in another.
 *
 * <p>Threads: immutable; one owner.
 *
 * @param server the connection of the linked server; null if none is linked
 */
public record MovingSession(
        FrozenSession state, DetachedSocket client, @Nullable DetachedSocket server) {}
