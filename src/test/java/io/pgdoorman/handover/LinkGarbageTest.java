package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.net.PeerSocket;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;

/**
 * A peer that sends what is no message. The link ends with a reason, and after each test no
 * descriptor may be left.
 */
class LinkGarbageTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int RANDOM_CONNECTIONS = 100;

    /** READY without a body: length 3, type 6, no descriptors. */
    private static final String READY = "00000003" + "06" + "0000";

    /** PREPARED with a body of four bytes and two descriptors. */
    private static final String PREPARED = "00000007" + "08" + "0002" + "0a021122";

    private TestDescriptors descriptors;
    private PeerSocket peer;
    private Link link;

    @BeforeEach
    void connect() throws IOException {
        descriptors = new TestDescriptors();
        PeerSocket[] ends = PeerSocket.pair();
        peer = ends[0];
        link = new Link(ends[1]).start();
    }

    @AfterEach
    void leavesNoDescriptor() throws IOException {
        peer.close();
        link.close();
        descriptors.close();
    }

    private void send(String hex, int count) throws IOException {
        int[] fds = descriptors.open(count);
        try {
            peer.send(ByteBuffer.wrap(HexFormat.of().parseHex(hex)), fds, LIMIT);
        } finally {
            TestDescriptors.close(fds);
        }
    }

    @Test
    void theBytesOfAMessageAreThese() throws Exception {
        send(PREPARED, 2);

        Message message = link.receive(LIMIT);

        assertThat(message.type()).isEqualTo(MessageType.PREPARED);
        assertThat(message.body()).isEqualTo(HexFormat.of().parseHex("0a021122"));
        descriptors.assertCopies(message.fds(), 2);
        message.closeFds();
    }

    @Test
    void theBytesThatAreSentAreThese() throws Exception {
        link.send(MessageType.READY);
        link.sendReason(MessageType.REFUSED, "no");

        ByteBuffer bytes = ByteBuffer.allocate(7 + 11);
        while (bytes.hasRemaining()) {
            peer.receive(bytes, _ -> {}, LIMIT);
        }

        assertThat(HexFormat.of().formatHex(bytes.array()))
                .isEqualTo(READY + "00000007" + "02" + "0000" + "0a026e6f");
    }

    @ParameterizedTest
    @CsvSource({
        "00000002, one byte less than there is",
        "00000000, nothing",
        "ffffffff, -1",
        "80000000, the lowest",
        "80000002, the lowest without what is counted",
        "7fffffff, the highest",
        "10000004, one byte more than the limit"
    })
    void aLengthThatIsNoneEndsTheLink(String length, String what) throws Exception {
        send(length + "06" + "0000" + READY, 2);

        assertThatThrownBy(() -> link.receive(LIMIT))
                .as(what)
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessageMatching("the other process sent a message of -?\\d+ bytes");
        assertThatThrownBy(() -> link.receive(LIMIT)).isExactlyInstanceOf(HandoverException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "15", "80", "ff"})
    void aTypeThatIsNoneEndsTheLink(String type) throws Exception {
        send("00000003" + type + "0001" + READY, 1);

        assertThatThrownBy(() -> link.receive(LIMIT))
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessageContaining("unknown type " + Integer.parseInt(type, 16));
    }

    @Test
    void thePeerOfALinkThatEndedCannotSend() throws Exception {
        send("00000003" + "ff" + "0000", 0);
        assertThatThrownBy(() -> link.receive(LIMIT)).isInstanceOf(HandoverException.class);

        link.close();

        assertThatThrownBy(() -> send(READY, 0)).isInstanceOf(IOException.class);
    }

    @Test
    void halfAMessageIsNone() throws Exception {
        for (int length = 0; length < PREPARED.length(); length += 2) {
            String half = PREPARED.substring(0, length);
            try (Link to = linkThatGets(bytes(half), length < 4 ? 0 : 2)) {
                assertThatThrownBy(() -> to.receive(LIMIT))
                        .isExactlyInstanceOf(HandoverException.class);
            }
        }

        assertThat(descriptors.copies()).isZero();
    }

    /** A link whose peer sends this and is gone. */
    private Link linkThatGets(ByteBuffer bytes, int count) throws IOException {
        PeerSocket[] ends = PeerSocket.pair();
        int[] fds = descriptors.open(count);
        try (PeerSocket from = ends[0]) {
            from.send(bytes, fds, LIMIT);
        } finally {
            TestDescriptors.close(fds);
        }
        return new Link(ends[1]).start();
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    }

    @Test
    void aMessageMayComeByteForByte() throws Exception {
        for (int i = 0; i < PREPARED.length(); i += 2) {
            send(PREPARED.substring(i, i + 2), i < 4 ? 1 : 0);
        }

        Message message = link.receive(LIMIT);

        assertThat(message.type()).isEqualTo(MessageType.PREPARED);
        assertThat(message.fds()).hasSize(2);
        message.closeFds();
    }

    @Test
    void descriptorsThatAreMissingAreSaidToBeLost() throws Exception {
        send(PREPARED, 1);
        send(PREPARED, 2);

        Message lost = link.receive(LIMIT);
        Message whole = link.receive(LIMIT);

        assertThat(lost.fdsLost()).isTrue();
        assertThat(lost.fds()).isEmpty();
        assertThat(whole.fdsLost()).isFalse();
        descriptors.assertCopies(whole.fds(), 2);
        assertThat(descriptors.copies()).as("of the second message").isEqualTo(2);
        whole.closeFds();
    }

    /** They would be taken for those of the next message. */
    @Test
    void moreDescriptorsThanAreToldOfEndTheLink() throws Exception {
        send(PREPARED + READY, 3);

        assertThatThrownBy(() -> link.receive(LIMIT))
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessageContaining("3 descriptors with a message of 2");
        assertThatThrownBy(() -> link.receive(LIMIT)).isExactlyInstanceOf(HandoverException.class);
    }

    @Test
    void randomBytesAreMessagesOrEndTheLink() throws Exception {
        var random = new Random(5);
        for (int i = 0; i < RANDOM_CONNECTIONS; i++) {
            byte[] bytes = new byte[1 + random.nextInt(40)];
            random.nextBytes(bytes);
            bytes[0] = 0; // else nearly all lengths are too long
            if (bytes.length > 2) {
                bytes[1] = (byte) random.nextInt(2);
            }
            try (Link to = linkThatGets(ByteBuffer.wrap(bytes), random.nextInt(2))) {
                assertEnds(to);
            }
        }

        assertThat(descriptors.copies()).isZero();
    }

    private static void assertEnds(Link link) throws InterruptedException {
        try {
            while (true) {
                link.receive(LIMIT).closeFds();
            }
        } catch (HandoverException e) {
            assertThat(e).isExactlyInstanceOf(HandoverException.class);
        }
    }
}
