package io.pgdoorman.handover;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The other process, as far as this one can name it: in another container it has no pid here.
 * Threads: any.
 */
final class PeerProcess {
    private static final Logger LOG = LoggerFactory.getLogger(PeerProcess.class);
    private static final Duration END_LIMIT = Duration.ofSeconds(2);

    private final Optional<ProcessHandle> handle;

    private PeerProcess(Optional<ProcessHandle> handle) {
        this.handle = handle;
    }

    static PeerProcess of(Process child) {
        return new PeerProcess(Optional.of(child.toHandle()));
    }

    /**
     * @param pid 0 if it has none here
     */
    static PeerProcess of(long pid) {
        long own = ProcessHandle.current().pid();
        return new PeerProcess(pid > 0 && pid != own ? ProcessHandle.of(pid) : Optional.empty());
    }

    /** Whether it runs, as far as can be known. */
    boolean isAlive() {
        return handle.isPresent() && handle.get().isAlive();
    }

    /**
     * Makes sure that it serves nobody any more: what does not answer may wake up again.
     *
     * @return whether it is gone now, or nothing can be known of it
     */
    boolean kill(String why) {
        if (!isAlive()) {
            return true;
        }
        ProcessHandle process = handle.get();
        LOG.warn("Handover: process {} is killed: {}", process.pid(), why);
        process.destroyForcibly();
        return awaitEnd(END_LIMIT);
    }

    /** Asks it to end. */
    void terminate() {
        handle.ifPresent(ProcessHandle::destroy);
    }

    /** Waits until it is gone; true if it is. */
    boolean awaitEnd(Duration limit) {
        if (handle.isEmpty()) {
            return true;
        }
        try {
            handle.get().onExit().get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (Exception e) {
            return !isAlive();
        }
    }
}
