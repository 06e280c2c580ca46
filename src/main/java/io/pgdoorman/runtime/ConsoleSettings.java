package io.pgdoorman.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Settings given on the console, which count instead of those of the files until a RELOAD. Each
 * reload of the files has a set of them, and leaves it in effect if it is accepted.
 *
 * <p>Threads: confined to the control thread, apart from {@link #inEffect} and {@link #adopt},
 * which any may call.
 */
final class ConsoleSettings {
    /** For the next reload that begins. */
    private Map<String, String> wanted = Map.of();

    /** Of the reload under way. */
    private Map<String, String> trying = Map.of();

    private volatile Map<String, String> inEffect = Map.of();

    private volatile Map<String, String> adopted = Map.of();

    /** By full name, such as {@code general.idle_timeout}. */
    Map<String, String> inEffect() {
        return inEffect;
    }

    /** Those of the predecessor, kept for {@link #takeAdopted}. */
    void adopt(Map<String, String> settings) {
        adopted = Map.copyOf(settings);
    }

    Map<String, String> takeAdopted() {
        Map<String, String> taken = adopted;
        adopted = Map.of();
        return taken;
    }

    /** With this one from the next reload on. */
    void set(String name, String value) {
        setAll(Map.of(name, value));
    }

    void setAll(Map<String, String> values) {
        Map<String, String> next = new LinkedHashMap<>(wanted);
        next.putAll(values);
        wanted = next;
    }

    /** Without any from the next reload on. */
    void drop() {
        wanted = Map.of();
    }

    /** A reload begins. */
    Map<String, String> begin() {
        trying = Map.copyOf(wanted);
        return trying;
    }

    /**
     * It is accepted.
     *
     * @return names of those that are not in effect any more
     */
    Set<String> accepted() {
        Map<String, String> gone = new LinkedHashMap<>(inEffect);
        gone.keySet().removeAll(trying.keySet());
        inEffect = trying;
        return gone.keySet();
    }

    /**
     * It is rejected: what it would have brought is forgotten. What was ordered since then stays
     * ordered.
     */
    void rejected() {
        Map<String, String> next = new LinkedHashMap<>(inEffect);
        wanted.forEach(
                (name, value) -> {
                    if (!value.equals(trying.get(name))) {
                        next.put(name, value);
                    }
                });
        wanted = next;
    }
}
