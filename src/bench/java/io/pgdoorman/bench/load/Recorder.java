package io.pgdoorman.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * The last records of one thread, each with who, when it began and when it was over, in nanoseconds
 * of {@link System#nanoTime}. All memory is reserved at the start: noting a record allocates
 * nothing.
 *
 * <p>Threads: one writes; any other may copy what was written by then to a file.
 */
final class Recorder {
    private static final int FIELDS = 3;

    private final long[] ring;
    private final int capacity;
    private volatile long count;

    Recorder(int capacity) {
        this.capacity = capacity;
        ring = new long[capacity * FIELDS];
    }

    /**
     * @param ended 0 if it is not over yet
     */
    void add(int who, long began, long ended) {
        long number = count;
        int at = (int) (number % capacity) * FIELDS;
        ring[at] = who;
        ring[at + 1] = began;
        ring[at + 2] = ended;
        count = number + 1; // after the record: who reads the count may read the record
    }

    long count() {
        return count;
    }

    /** Writes the records from number {@code from} up to number {@code to}. */
    void copy(long from, long to, WritableByteChannel file, ByteBuffer buffer) throws IOException {
        if (to - from > capacity) {
            throw new IOException("more records than are kept: " + (to - from));
        }
        buffer.clear();
        for (long number = from; number < to; number++) {
            int at = (int) (number % capacity) * FIELDS;
            for (int field = 0; field < FIELDS; field++) {
                buffer.putLong(ring[at + field]);
            }
            if (buffer.remaining() < FIELDS * Long.BYTES || number + 1 == to) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    file.write(buffer);
                }
                buffer.clear();
            }
        }
        if (count - from > capacity) {
            throw new IOException("records were overwritten while they were copied");
        }
    }
}
