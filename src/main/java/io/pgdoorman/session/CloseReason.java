package io.pgdoorman.session;

/** Why a session ended; one word for the log and, later, for a metric. */
public enum CloseReason {
    TERMINATED("client terminated"),
    CLIENT_GONE("client closed the connection"),
    PROTOCOL_VIOLATION("protocol violation"),
    SERVER_GONE("server closed the connection"),
    SLOW_READER("client did not read for too long"),
    DEAD_PEER("it acknowledges nothing (tcp_user_timeout)"),
    TLS("TLS was broken"),
    PARAMETERS("parameters could not be set on the server"),
    SESSION_STATE("session state in transaction mode"),
    NO_MEMORY("no memory for its message"),
    SHUTDOWN("shutdown"),
    INTERNAL("internal error");

    private final String text;

    CloseReason(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
