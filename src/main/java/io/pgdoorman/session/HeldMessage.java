package io.pgdoorman.session;

/**
 * The share in the budget of the process that a client's message takes while it has to be whole and
 * is not yet.
 *
 * <p>Threads: confined to the client's loop.
 */
final class HeldMessage {
    /** Less is not worth counting. */
    private static final int MIN_COUNTED = 16 * 1024;

    private final MemoryBudget memory;
    private int counted;

    HeldMessage(MemoryBudget memory) {
        this.memory = memory;
    }

    /**
     * So many bytes are held now.
     *
     * @return whether the process has memory for them; they count all the same
     */
    boolean count(int bytes) {
        int before = counted;
        if (before == 0 && bytes < MIN_COUNTED) {
            return true;
        }
        counted = bytes;
        if (bytes <= before) {
            memory.subtract(before - bytes);
            return true;
        }
        return memory.add(bytes - before);
    }

    void release() {
        memory.subtract(counted);
        counted = 0;
    }
}
