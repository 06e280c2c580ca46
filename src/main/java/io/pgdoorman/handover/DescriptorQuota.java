package io.pgdoorman.handover;

/**
 * How many descriptors may go to the other process, which has a limit of its own. Threads: confined
 * to its user.
 */
final class DescriptorQuota {
    /** Left to the other process for what it opens itself: logs, timers, servers. */
    private static final int MARGIN = 8;

    private static final int PER_CLIENT = 2;

    private long room;

    DescriptorQuota(int room) {
        this.room = Math.max(0, (long) room - MARGIN);
    }

    /**
     * For the next batch of clients.
     *
     * @throws PeerFailedException no client fits any more; those that have moved may come back
     */
    int next(int clients) throws PeerFailedException {
        if (room < PER_CLIENT) {
            throw new PeerFailedException(
                    "it may open no more descriptors: raise its limit (LimitNOFILE, ulimit -n)");
        }
        return (int) Math.min(room, (long) Math.max(1, clients) * PER_CLIENT * 2);
    }

    /** For servers alone, which may as well stay where they are. */
    int spare() {
        return Math.clamp(room, 0, Integer.MAX_VALUE);
    }

    void used(int count) {
        room -= count;
    }
}
