package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;

/**
 * Who one of the two processes is:
 *
 * <pre>
 *   1 major, 2 minor version of the format   3 version of the program   4 process ID
 *   5 descriptors it may still open          6 the operator decides when clients move
 * </pre>
 *
 * <p>Processes of one major version understand each other; what the minor version adds are fields
 * that the other skips. Threads: immutable.
 *
 * @param staged from the predecessor only
 */
record Hello(int major, int minor, String version, long pid, int room, boolean staged) {
    static final int MAJOR = 1;

    /** 1: {@link MessageType#PLACED}. */
    static final int MINOR = 1;

    private static final int MINOR_WITH_PLACED = 1;

    static Hello of(String version, boolean staged) {
        return new Hello(
                MAJOR,
                MINOR,
                version,
                ProcessHandle.current().pid(),
                DescriptorRoom.left(),
                staged);
    }

    /** Whether this process says when a batch runs, and waits for the other to say so. */
    boolean knowsPlaced() {
        return minor >= MINOR_WITH_PLACED;
    }

    FieldWriter write() {
        return new FieldWriter()
                .put(1, major)
                .put(2, minor)
                .put(3, version)
                .put(4, pid)
                .put(5, room)
                .put(6, staged);
    }

    /**
     * @throws HandoverException it cannot be understood, or is of another major version
     */
    static Hello read(Message message) throws HandoverException {
        int major = 0;
        int minor = 0;
        String version = "";
        long pid = 0;
        int room = 0;
        boolean staged = false;
        try {
            FieldReader in = message.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> major = in.integer();
                    case 2 -> minor = in.integer();
                    case 3 -> version = in.text();
                    case 4 -> pid = in.number();
                    case 5 -> room = in.integer();
                    case 6 -> staged = in.bool();
                    default -> {} // of a later version
                }
            }
        } catch (FormatException e) {
            throw new HandoverException("the other process's hello: " + e.getMessage(), e);
        }
        if (major != MAJOR) {
            throw new HandoverException(
                    "version %s speaks version %d of the handover, this one (%d) cannot; go by a version between the two"
                            .formatted(version.isEmpty() ? "?" : version, major, MAJOR));
        }
        return new Hello(major, minor, version, pid, room, staged);
    }
}
