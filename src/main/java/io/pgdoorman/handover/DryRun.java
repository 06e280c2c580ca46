package io.pgdoorman.handover;

import io.pgdoorman.net.PeerSocket;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A handover of connections within this process, so that its code has run when it counts.
 *
 * <p>Threads: any, which it blocks, and one of its own.
 */
public final class DryRun {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private DryRun() {}

    /** Everything {@code from} has is {@code to}'s afterwards. */
    public static void handOver(Host from, Host to) throws HandoverException, InterruptedException {
        PeerSocket[] pair;
        try {
            pair = PeerSocket.pair();
        } catch (IOException e) {
            throw new HandoverException("socketpair: " + e.getMessage(), e);
        }
        var taking = new CompletableFuture<Void>();
        try (var giving = link(pair[0]);
                var other = link(pair[1])) {
            Thread.ofPlatform()
                    .daemon()
                    .name("pooler-dry-run")
                    .start(() -> take(to, other, taking));
            var giver = new Giver(from, giving, PeerProcess.of(0), DescriptorRoom.left(), true);
            giver.noteActivity(); // else all would count as busy
            giver.giveWhatIsHere();
            giving.send(MessageType.END);
            taking.get();
        } catch (ExecutionException e) {
            throw new HandoverException("dry run: " + e.getCause(), e);
        }
    }

    private static Link link(PeerSocket socket) throws HandoverException {
        try {
            return new Link(socket).start();
        } catch (IOException e) {
            throw new HandoverException("dry run: " + e.getMessage(), e);
        }
    }

    private static void take(Host to, Link link, CompletableFuture<Void> done) {
        try {
            var taker = new Taker(to, link, PeerProcess.of(0), true);
            Message message = link.receive(LIMIT);
            while (message.type() == MessageType.BATCH) {
                taker.take(message);
                message = link.receive(LIMIT);
            }
            taker.awaitPlaced();
            done.complete(null);
        } catch (HandoverException | RuntimeException e) {
            done.completeExceptionally(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            done.completeExceptionally(e);
        }
    }
}
