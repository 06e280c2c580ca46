package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.net.Posix;

import java.util.Arrays;

/**
 * One message with the descriptors that came with it. Threads: one owner, who owns the descriptors.
 *
 * @param fdsLost this process could not take all descriptors; those it could are closed
 */
record Message(MessageType type, byte[] body, int[] fds, boolean fdsLost) {
    FieldReader fields() {
        return new FieldReader(body);
    }

    /** Overwrites the body, which has been read and may hold secrets. */
    void forget() {
        Arrays.fill(body, (byte) 0);
    }

    /** Field 1 as text: the reason of a refusal or failure. */
    String reason() {
        try {
            FieldReader in = fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                if (field == 1) {
                    return in.text();
                }
            }
        } catch (FormatException e) {
            return "unreadable (" + e.getMessage() + ")";
        }
        return "unknown";
    }

    void closeFds() {
        for (int fd : fds) {
            Posix.close(fd);
        }
    }
}
