package io.pgdoorman.config;

/** When a changed setting takes effect. Threads: immutable. */
public enum ReloadClass {
    /** At the next use. */
    LIVE("at once"),
    /** For connections made after the reload. */
    NEW_CONNECTIONS("for new connections"),
    /** For the pools it belongs to, as their servers are replaced. */
    POOL("for the pools it belongs to"),
    /** At the next start or binary upgrade. */
    RESTART("at a restart or binary upgrade"),
    /** Never: the key is accepted for old files and ignored. */
    NONE("never, the key is ignored");

    private final String text;

    ReloadClass(String text) {
        this.text = text;
    }

    /** Completes "takes effect ...". */
    public String text() {
        return text;
    }
}
