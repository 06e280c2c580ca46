package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.net.Posix;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Messages between two processes. */
class LinkTest extends LinkScenario {
    // ---- messages -------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0, 1",
        "0, 253",
        "0, 254",
        "0, 300",
        "0, 600",
        "1, 0",
        "1, 300",
        "65536, 1",
        "1000000, 0",
        "1000000, 1",
        "1000000, 253",
        "1000000, 300"
    })
    void aMessageArrivesWhole(int bytes, int count) throws Exception {
        byte[] content = random(bytes);
        var sending = CompletableFuture.runAsync(() -> sendUnchecked(content, count));

        Message message = far.receive(LIMIT);

        sending.join();
        assertThat(message.type()).isEqualTo(MessageType.BATCH);
        assertThat(content(message)).isEqualTo(content);
        assertThat(message.fdsLost()).isFalse();
        descriptors.assertCopies(message.fds(), count);
        assertThat(descriptors.copies()).isEqualTo(count);
        message.closeFds();
    }

    @Test
    void messagesArriveInOrderWithTheirOwnDescriptors() throws Exception {
        for (int i = 0; i < 100; i++) {
            send(near, MessageType.BATCH, random(i * 5), i % 5 == 4 ? 260 : i % 5);
            send(far, MessageType.WANTS, random(i), i % 2);
            assertArrived(far, MessageType.BATCH, i * 5, i % 5 == 4 ? 260 : i % 5);
        }

        for (int i = 0; i < 100; i++) {
            assertArrived(near, MessageType.WANTS, i, i % 2);
        }
    }

    @Test
    void threadsSendWithoutMixingTheirMessages() throws Exception {
        int threads = 4;
        int each = 50;
        List<CompletableFuture<Void>> sending = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int thread = t + 1;
            sending.add(
                    CompletableFuture.runAsync(
                            () -> {
                                for (int i = 0; i < each; i++) {
                                    sendUnchecked(new byte[20_000 * thread], thread);
                                }
                            }));
        }

        for (int i = 0; i < threads * each; i++) {
            Message message = far.expect(MessageType.BATCH, LIMIT);
            assertThat(message.fds()).hasSize(content(message).length / 20_000);
            message.closeFds();
        }

        sending.forEach(CompletableFuture::join);
    }

    @Test
    void whatWasSentStaysTheSenders() throws Exception {
        int[] fds = descriptors.open(5);

        near.send(MessageType.BATCH, new FieldWriter(), fds);
        far.receive(LIMIT).closeFds();

        descriptors.assertCopies(fds, 5);
        assertThat(descriptors.copies()).isEqualTo(5);
        TestDescriptors.close(fds);
    }

    @Test
    void theListenerTakesWhatItWants() throws Exception {
        List<MessageType> heard = new ArrayList<>();
        far.setListener(
                message -> {
                    heard.add(message.type());
                    return message.type() == MessageType.CANCEL;
                });

        near.send(MessageType.READY);
        near.send(MessageType.CANCEL);
        near.send(MessageType.END);

        assertThat(far.receive(LIMIT).type()).isEqualTo(MessageType.READY);
        assertThat(far.receive(LIMIT).type()).isEqualTo(MessageType.END);
        assertThat(heard).containsExactly(MessageType.READY, MessageType.CANCEL, MessageType.END);
    }

    @Test
    void knowsWhoIsAtTheOtherEnd() {
        assertThat(near.peer().pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(near.peer().uid()).isEqualTo(Posix.geteuid());
    }

    // ---- what is expected -----------------------------------------------------------------------

    @Test
    void whatIsExpectedIsReturned() throws Exception {
        near.send(MessageType.READY);

        assertThat(far.expect(MessageType.READY, LIMIT).type()).isEqualTo(MessageType.READY);
    }

    @Test
    void aRefusalIsAnExceptionWithItsReason() throws Exception {
        near.sendReason(MessageType.REFUSED, "another handover is under way");

        assertThatThrownBy(() -> far.expect(MessageType.HELLO, LIMIT))
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessage("the other process refuses: another handover is under way");
    }

    @Test
    void aFailureIsAnExceptionOfItsOwn() throws Exception {
        near.sendReason(MessageType.FAILED, "no descriptors left");

        assertThatThrownBy(() -> far.expect(MessageType.PREPARED, LIMIT))
                .isInstanceOf(PeerFailedException.class)
                .hasMessage("the other process failed: no descriptors left");
    }

    @ParameterizedTest
    @ValueSource(strings = {"BATCH", "REFUSED", "FAILED"})
    void whatIsNotExpectedLeavesNoDescriptor(MessageType type) throws Exception {
        send(near, type, Messages.of(type, new FieldWriter()).body(), 3);

        assertThatThrownBy(() -> far.expect(MessageType.PREPARED, LIMIT))
                .isInstanceOf(HandoverException.class);
        assertThat(descriptors.copies()).isZero();
    }

    @Test
    void whatIsNotExpectedIsNamed() throws Exception {
        near.send(MessageType.COMMIT);

        assertThatThrownBy(() -> far.expect(MessageType.PREPARED, LIMIT))
                .isExactlyInstanceOf(HandoverException.class)
                .hasMessageContaining("COMMIT where PREPARED belongs");
    }

    @Test
    void aFailureDoesNotEndTheConnection() throws Exception {
        near.sendReason(MessageType.FAILED, "one");
        near.send(MessageType.READY);

        assertThatThrownBy(() -> far.expect(MessageType.READY, LIMIT)).hasMessageContaining("one");
        assertThat(far.expect(MessageType.READY, LIMIT).type()).isEqualTo(MessageType.READY);
    }

    // ---- time -----------------------------------------------------------------------------------

    @Test
    void nothingInTimeIsATimeout() {
        assertThatThrownBy(() -> far.receive(SHORT))
                .isInstanceOf(HandoverTimeoutException.class)
                .hasMessageContaining("within 20 ms");
        assertThatThrownBy(() -> far.expect(MessageType.READY, SHORT))
                .isInstanceOf(HandoverTimeoutException.class);
    }

    @Test
    void aMessageThatIsLateIsReceivedLater() throws Exception {
        assertThatThrownBy(() -> far.receive(SHORT)).isInstanceOf(HandoverTimeoutException.class);

        near.send(MessageType.READY);

        assertThat(far.receive(LIMIT).type()).isEqualTo(MessageType.READY);
    }
}
