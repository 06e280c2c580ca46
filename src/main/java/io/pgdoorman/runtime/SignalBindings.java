package io.pgdoorman.runtime;

import sun.misc.Signal;
import sun.misc.SignalHandler;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * Signals as commands on the control thread; {@link #close} puts the earlier handlers back.
 *
 * <p>Threads: bind and close on one thread; handlers run on a thread of the JVM and only hand over.
 */
final class SignalBindings implements AutoCloseable {
    private final Executor control;
    private final Map<Signal, SignalHandler> replaced = new LinkedHashMap<>();

    SignalBindings(Executor control) {
        this.control = control;
    }

    /**
     * @param name without SIG, as {@code TERM}
     */
    SignalBindings on(String name, Runnable command) {
        var signal = new Signal(name);
        replaced.put(signal, Signal.handle(signal, _ -> control.execute(command)));
        return this;
    }

    /** As {@link #on}, but on a thread of its own: it waits for no other command. */
    SignalBindings atOnce(String name, Runnable command) {
        var signal = new Signal(name);
        replaced.put(
                signal,
                Signal.handle(
                        signal,
                        _ ->
                                Thread.ofPlatform()
                                        .daemon()
                                        .name("pooler-signal-" + name)
                                        .start(command)));
        return this;
    }

    @Override
    public void close() {
        replaced.forEach(Signal::handle);
    }
}
