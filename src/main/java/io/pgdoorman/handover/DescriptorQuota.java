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
     * For the next batch.
     *
     * @throws HandoverException no client fits any more
     */
    int next(int clients) throws HandoverException {
        if (room < PER_CLIENT) {
            throw new HandoverException(
                    "the other process may open no more descriptors: raise its limit (LimitNOFILE, ulimit -n)");
        }
        return (int) Math.min(room, (long) Math.max(1, clients) * PER_CLIENT * 2);
    }

    void used(int count) {
        room -= count;
    }
}
