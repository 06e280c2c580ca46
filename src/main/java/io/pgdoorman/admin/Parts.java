package io.pgdoorman.admin;

import java.util.List;

/**
 * A long list that is made a part at a time, so that it never lives as a whole. Threads: one after
 * the other.
 */
@FunctionalInterface
interface Parts<T> {
    /**
     * The next part; empty if there are no more. May wait for the loops that are asked.
     *
     * @throws InterruptedException nobody wants it any more
     */
    List<T> next() throws InterruptedException;
}
