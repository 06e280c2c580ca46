package io.pgdoorman.handover;

/**
 * What two processes say to each other, and what {@code pg_doorman ctl} says to one. Codes are for
 * ever. Fields are those of {@link io.pgdoorman.handover.format}; the bodies are described where
 * they are written.
 */
enum MessageType {
    /** Who is there, in both directions: {@link Hello}. */
    HELLO(1),
    /** The predecessor has no use for the successor, or none any more: 1 reason. */
    REFUSED(2),
    /** Predecessor: its listening sockets, {@link PassedListener}, with their descriptors. */
    LISTENERS(3),
    /** Successor: it listens too, paused: 1 number of each listener it took. */
    LISTENING(4),
    /** Predecessor: what the process knows, {@link ProcessState}; it accepts no longer. */
    STATE(5),
    /** Successor: it accepts. */
    READY(6),
    /** A batch: 1 its content, 2 connections left, 3 when its clients stopped, and descriptors. */
    BATCH(7),
    /** The batch is the sender's from now on. */
    PREPARED(8),
    /** The sender has closed its descriptors. */
    COMMIT(9),
    /** While both serve: what limits the sender wants to have more of, {@link Wants}. */
    WANTS(10),
    /** 1 number of the request, 2 process ID, 3 secret. Comes at any time. */
    CANCEL(11),
    /** 1 number of the request, 2 whether the key was known. Comes at any time. */
    CANCELLED(12),
    /** The giver has nothing left: 1 reload is due, 2 shutdown is due, {@link Statistics}. */
    END(13),
    /** The taker has all, and is alone: {@link Report}. */
    BYE(14),
    /** Predecessor: give everything back. 1 descriptors it may still open. */
    ROLLBACK(15),
    /** The last message could not be served: 1 reason. The sender goes on. */
    FAILED(16),
    /** Predecessor: the service ends, and the successor with it. */
    STOP(17),
    /** Of {@code ctl}: 1 word*. */
    COMMAND(18),
    /** To {@code ctl}: 1 success, 2 text, 3 JSON. */
    ANSWER(19),
    /** What the last batch brought runs here; from minor version 1 on, after each COMMIT. */
    PLACED(20);

    private static final MessageType[] BY_CODE = byCode();

    private final int code;

    MessageType(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /**
     * @throws HandoverException there is no such type
     */
    static MessageType of(int code) throws HandoverException {
        if (code < 1 || code >= BY_CODE.length) {
            throw new HandoverException("the other process sent a message of unknown type " + code);
        }
        return BY_CODE[code];
    }

    private static MessageType[] byCode() {
        MessageType[] types = new MessageType[values().length + 1];
        for (MessageType type : values()) {
            types[type.code] = type;
        }
        return types;
    }
}
