package io.pgdoorman.runtime;

/** Tests of the frozen state's completeness, in a running process. All are slow. */
public enum Rehearsal {
    NONE,

    /** Each session and server is frozen and thawed after each event. */
    EVERY_EVENT,

    /**
     * All connections are taken off their loops, written down, read and put on loops again, all the
     * time.
     */
    TRANSPLANT,

    /** A start runs what a successor runs before it takes over: for the build of the AOT cache. */
    WARM_UP;

    /**
     * @param text {@code every-event}, {@code transplant}, or empty
     */
    public static Rehearsal of(String text) {
        return text.isEmpty()
                ? NONE
                : valueOf(text.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
    }
}
