package io.pgdoorman.process.load;

import java.util.random.RandomGenerator;

/**
 * What a client of the load is given.
 *
 * @param index among the clients of its kind
 * @param number among all clients
 * @param doors to the pool of its kind
 * @param pace of all clients
 * @param random of this client alone
 */
record Seat(int index, int number, Door.Pair doors, Pace pace, RandomGenerator random) {
    Door tcp() {
        return doors.tcp();
    }

    Door unix() {
        return doors.unix();
    }

    /**
     * The pause of a client that works back to back, but for the first of its kind: enough of them
     * for traffic at every moment, and processor time left for what disturbs them.
     */
    void rest(int leastMillis, int mostMillis) {
        if (index > 0) {
            pause(leastMillis, mostMillis);
        }
    }

    /** A pause that shapes the load. */
    void pause(int leastMillis, int mostMillis) {
        pace.pause(random, leastMillis, mostMillis);
    }
}
