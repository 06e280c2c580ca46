package io.pgdoorman.admin;

import org.jspecify.annotations.Nullable;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Goes over the rows of a {@link Table} once. Threads: one after the other. */
final class Rows {
    private final Parts<@Nullable Object[]> parts;
    private Iterator<@Nullable Object[]> part = List.<@Nullable Object[]>of().iterator();
    private boolean over;

    Rows(Parts<@Nullable Object[]> parts) {
        this.parts = parts;
    }

    boolean hasNext() throws InterruptedException {
        while (!part.hasNext() && !over) {
            List<@Nullable Object[]> next = parts.next();
            over = next.isEmpty();
            part = next.iterator();
        }
        return part.hasNext();
    }

    /** Cells in the order of the columns; null is NULL. */
    @Nullable Object[] next() throws InterruptedException {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return part.next();
    }

    /** Leaves out so many, if there are so many. */
    void skip(int count) throws InterruptedException {
        for (int i = 0; i < count && hasNext(); i++) {
            next();
        }
    }
}
