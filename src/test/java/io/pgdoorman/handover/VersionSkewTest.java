package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.net.PeerListener;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A successor of another version at the control socket. */
class VersionSkewTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Hears who comes. */
    private static final class Owner implements ControlSocket.Owner {
        final BlockingQueue<Predecessor.Knock> knocks = new LinkedBlockingQueue<>();
        final BlockingQueue<String> failures = new LinkedBlockingQueue<>();

        @Override
        public void onKnock(Predecessor.Knock knock) {
            knocks.add(knock);
        }

        @Override
        public void onStartFailed(long pid, String reason) {
            failures.add(reason);
        }

        @Override
        public ControlSocket.Answer onCommand(List<String> words) {
            return ControlSocket.Answer.ok(String.join(" ", words));
        }

        @Override
        public void onAnswered() {}
    }

    private final Owner owner = new Owner();
    private ControlSocket control;
    private Link successor;

    @BeforeEach
    void connect(@TempDir Path home) throws IOException {
        control = ControlSocket.bind(home.resolve("own").resolve("control"));
        control.start(owner);
        successor = new Link(PeerListener.connect(control.path())).start();
    }

    @AfterEach
    void close() {
        successor.close();
        control.close();
    }

    @Test
    void aSuccessorOfAnotherMajorVersionIsToldBoth() throws Exception {
        successor.send(MessageType.HELLO, new Hello(2, 0, "3.0.0", 17, 1_000, false).write());

        assertThatThrownBy(() -> successor.expect(MessageType.HELLO, LIMIT))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("refuses")
                .hasMessageContaining("version 3.0.0 speaks version 2")
                .hasMessageContaining("this one (1)");
        assertThat(owner.knocks).isEmpty();
        assertThat(owner.failures.poll(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .contains("speaks version 2");
    }

    @Test
    void aSuccessorOfALaterMinorVersionComesIn() throws Exception {
        FieldWriter hello =
                new Hello(1, 99, "1.9.0", 17, 1_000, false)
                        .write()
                        .put(7, "a field of version 1.1")
                        .put(200, new FieldWriter().put(1, "another of 1.99"));

        successor.send(MessageType.HELLO, hello);

        Predecessor.Knock knock = owner.knocks.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(knock).isNotNull();
        assertThat(knock.hello()).isEqualTo(new Hello(1, 99, "1.9.0", 17, 1_000, false));
        knock.link().close();
    }

    @Test
    void aHelloThatIsNoneIsRefusedToo() throws Exception {
        successor.send(MessageType.HELLO, new FieldWriter().put(1, "a text"));

        assertThatThrownBy(() -> successor.expect(MessageType.HELLO, LIMIT))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("hello");
        assertThat(owner.knocks).isEmpty();
    }

    @Test
    void whoBeginsWithAnythingElseHearsNothing() throws Exception {
        successor.send(MessageType.READY);

        assertThatThrownBy(() -> successor.receive(LIMIT))
                .isExactlyInstanceOf(HandoverException.class);
        assertThat(owner.knocks).isEmpty();
    }
}
