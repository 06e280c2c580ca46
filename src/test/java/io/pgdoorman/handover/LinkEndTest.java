package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.net.PeerSocket;

import org.junit.jupiter.api.Test;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The end of a link, whoever makes it, and what came before it. */
class LinkEndTest extends LinkScenario {
    @Test
    void whatWasSentBeforeTheEndIsReceived() throws Exception {
        send(near, MessageType.BATCH, random(100_000), 2);
        near.send(MessageType.END);
        near.close();

        assertArrived(far, MessageType.BATCH, 100_000, 2);
        assertThat(far.receive(LIMIT).type()).isEqualTo(MessageType.END);
        assertThatThrownBy(() -> far.receive(LIMIT))
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void theEndIsNoTimeoutHoweverOftenItIsAskedFor() {
        near.close();

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> far.receive(LIMIT))
                    .isExactlyInstanceOf(HandoverException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void nothingIsSentToNobody() {
        near.close();

        assertThatThrownBy(() -> far.send(MessageType.READY))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("READY could not be sent");
    }

    @Test
    void aCloseEndsAReceiveThatWaits() throws Exception {
        var waiting = CompletableFuture.supplyAsync(() -> failureOf(far));

        far.close();

        assertThat(waiting.join())
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessageContaining("the other process");
        assertThatThrownBy(() -> far.receive(LIMIT)).isInstanceOf(HandoverException.class);
    }

    private static Exception failureOf(Link link) {
        try {
            link.receive(LIMIT);
            return new IllegalStateException("a message came");
        } catch (HandoverException | InterruptedException e) {
            return e;
        }
    }

    @Test
    void aCloseDropsMessagesWithTheirDescriptors() throws Exception {
        for (int i = 0; i < 5; i++) {
            send(near, MessageType.BATCH, random(i * 1_000), 50);
        }
        near.send(MessageType.END);

        far.close();

        assertThat(descriptors.copies()).isZero();
    }

    @Test
    void aLinkThatNeverBeganToReadIsClosedToo() throws Exception {
        PeerSocket[] ends = PeerSocket.pair();
        var link = new Link(ends[0]);

        link.close();

        try (PeerSocket other = ends[1]) {
            assertThatThrownBy(() -> other.receive(ByteBuffer.allocate(1), fd -> {}, LIMIT))
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void closingTwiceIsClosingOnce() {
        near.close();
        near.close();

        assertThatThrownBy(() -> near.send(MessageType.READY))
                .isInstanceOf(HandoverException.class);
    }

    // ---- see docs/adr/0008 ----------------------------------------------------------------------

    @Test
    void whatThePeerSentBeforeItWasRefusedFurtherIsReceived() throws Exception {
        send(far, MessageType.PREPARED, random(100), 1);

        near.refuseFurther();

        assertArrived(near, MessageType.PREPARED, 100, 1);
        assertThatThrownBy(() -> near.receive(LIMIT)).isExactlyInstanceOf(HandoverException.class);
    }

    @Test
    void aPeerThatIsRefusedFurtherCannotSend() {
        near.refuseFurther();

        assertThatThrownBy(() -> far.send(MessageType.PREPARED))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("PREPARED could not be sent");
        assertThatThrownBy(() -> near.expect(MessageType.PREPARED, LIMIT))
                .isExactlyInstanceOf(HandoverException.class);
    }

    /** The one or the other, whatever the moment: on this the commit rests. */
    @Test
    void aMessageIsSentIfAndOnlyIfItIsReceived() throws Exception {
        for (int i = 0; i < 200; i++) {
            PeerSocket[] ends = PeerSocket.pair();
            try (Link one = new Link(ends[0]).start();
                    Link other = new Link(ends[1]).start()) {
                var sending = CompletableFuture.supplyAsync(() -> isSent(other));
                for (int spin = 0; spin < i * 20; spin++) {
                    Thread.onSpinWait(); // so that either may be the first
                }
                one.refuseFurther();

                boolean received = isReceived(one);

                assertThat(received).isEqualTo(sending.join());
            }
        }
    }

    private static boolean isSent(Link link) {
        try {
            link.send(MessageType.PREPARED);
            return true;
        } catch (HandoverException e) {
            return false;
        }
    }

    private static boolean isReceived(Link link) throws InterruptedException {
        try {
            link.expect(MessageType.PREPARED, LIMIT);
            return true;
        } catch (HandoverException e) {
            assertThat(e).isNotInstanceOf(HandoverTimeoutException.class);
            return false;
        }
    }
}
