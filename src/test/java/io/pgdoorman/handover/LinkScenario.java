package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.net.PeerSocket;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;

/** Two ends of a link, here in one process. After each test no descriptor may be left. */
abstract class LinkScenario {
    static final Duration LIMIT = Duration.ofSeconds(20);
    static final Duration SHORT = Duration.ofMillis(20);

    TestDescriptors descriptors;
    Link near;
    Link far;

    @BeforeEach
    final void connect() throws IOException {
        descriptors = new TestDescriptors();
        PeerSocket[] ends = PeerSocket.pair();
        near = new Link(ends[0]).start();
        far = new Link(ends[1]).start();
    }

    @AfterEach
    final void leavesNoDescriptor() throws IOException {
        near.close();
        far.close();
        descriptors.close();
    }

    void send(Link from, MessageType type, byte[] content, int count) throws Exception {
        int[] fds = descriptors.open(count);
        try {
            from.send(type, new FieldWriter().put(1, content), fds);
        } finally {
            TestDescriptors.close(fds);
        }
    }

    static byte[] content(Message message) throws Exception {
        FieldReader in = message.fields();
        return in.next() == 1 ? in.bytes() : new byte[0];
    }

    static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    void sendUnchecked(byte[] content, int count) {
        try {
            send(near, MessageType.BATCH, content, count);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    void assertArrived(Link at, MessageType type, int bytes, int count) throws Exception {
        Message message = at.expect(type, LIMIT);
        assertThat(content(message)).isEqualTo(random(bytes));
        descriptors.assertCopies(message.fds(), count);
        message.closeFds();
    }
}
