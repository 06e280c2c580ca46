package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import java.util.function.Supplier;

/**
 * The one piece of work of a login that takes milliseconds: keys from a password. Run {@link #get}
 * on a worker thread and hand its result to the machine that asked, on the machine's own loop.
 *
 * <p>Threads: immutable; {@link #get} on any thread but an event loop. Never throws in ordinary
 * operation.
 */
public final class Derivation implements Supplier<ScramKeys> {
    private final Supplier<ScramKeys> work;

    private Derivation(Supplier<ScramKeys> work) {
        this.work = work;
    }

    /** Of a password that is known to be right or is our own: the result is kept. */
    static Derivation kept(ScramKeyCache cache, Bytes password, Bytes salt, int iterations) {
        return new Derivation(() -> cache.derive(password, salt, iterations));
    }

    /** Of a client's guess: the result is not kept, so guesses cannot push others out. */
    static Derivation ofGuess(Bytes password, Bytes salt, int iterations) {
        return new Derivation(() -> ScramKeys.derive(password, salt, iterations));
    }

    @Override
    public ScramKeys get() {
        return work.get();
    }
}
