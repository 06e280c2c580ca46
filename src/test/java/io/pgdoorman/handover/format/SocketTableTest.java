package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.net.DetachedSocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Descriptors beside a message, and their numbers in it. */
class SocketTableTest {
    private static final int[] FDS = {40, 41, 42};

    private static FieldReader socket(long number) {
        return new FieldReader(new FieldWriter().put(1, number).toByteArray());
    }

    @Test
    void everySocketKeepsItsDescriptorAndItsBytes() throws Exception {
        var written = new SocketTable();
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            var socket = new DetachedSocket(1_000 + i, new byte[i], Samples.secret(i));
            messages.add(written.write(socket).toByteArray());
        }

        var read = new SocketTable(written.fds());

        for (int i = 99; i >= 0; i--) {
            DetachedSocket socket = read.read(new FieldReader(messages.get(i)));
            assertThat(socket.fd()).isEqualTo(1_000 + i);
            assertThat(socket.unread()).isEqualTo(new byte[i]);
            assertThat(socket.unwritten()).isEqualTo(Samples.secret(i));
        }
    }

    @Test
    void descriptorsGoInTheOrderOfTheirNumbers() {
        var table = new SocketTable();
        IntStream.range(0, 40).forEach(i -> table.write(Samples.plain(100 - i)));

        assertThat(table.fds()).isEqualTo(IntStream.range(0, 40).map(i -> 100 - i).toArray());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 4, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 32, Long.MIN_VALUE})
    void aNumberWithoutADescriptorIsRefused(long number) {
        var table = new SocketTable(FDS);

        assertThatThrownBy(() -> table.read(socket(number))).isInstanceOf(FormatException.class);
    }

    @Test
    void aDescriptorBelongsToOneSocket() throws Exception {
        var table = new SocketTable(FDS);
        table.read(socket(2));

        assertThatThrownBy(() -> table.read(socket(2))).isInstanceOf(FormatException.class);
    }

    @Test
    void theArrayOfTheDescriptorsStaysTheCallers() throws Exception {
        int[] fds = FDS.clone();
        var table = new SocketTable(fds);

        table.read(socket(1));

        assertThat(fds).isEqualTo(FDS);
    }
}
