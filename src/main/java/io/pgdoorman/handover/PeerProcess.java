package io.pgdoorman.handover;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The other process, as far as this one can name it: in another container it has no pid here.
 * Threads: any.
 */
final class PeerProcess {
    private static final Logger LOG = LoggerFactory.getLogger(PeerProcess.class);
    private static final Duration END_LIMIT = Duration.ofSeconds(2);
    private static final long STEP_MILLIS = 5;

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

    /** Whether it has a pid here. */
    boolean isKnown() {
        return handle.isPresent();
    }

    /** Whether it runs, as far as can be known. */
    boolean isAlive() {
        return handle.isPresent() && handle.get().isAlive() && !isZombie(handle.get().pid());
    }

    /** Its parent has not heard of its end yet, and in a container may never. */
    private static boolean isZombie(long pid) {
        try {
            String stat =
                    Files.readString(
                            Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            return stat.startsWith(") Z", stat.lastIndexOf(')'));
        } catch (IOException e) {
            return false; // no /proc, or it has just gone: the next look tells
        }
    }

    /** Whether it is certain to be gone; one that is just dying is waited for. */
    boolean hasEnded() {
        return isKnown() && awaitEnd(END_LIMIT);
    }

    /**
     * Makes sure that it serves nobody any more: what does not answer may wake up again.
     *
     * @return whether it is gone now; false if it has no pid here, and nothing can be known
     */
    boolean kill(String why) {
        if (!isKnown()) {
            return false;
        }
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
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (isAlive()) {
                if (System.nanoTime() - deadline >= 0) {
                    return false;
                }
                Thread.sleep(STEP_MILLIS); // of a process that is no child nobody reports the end
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
