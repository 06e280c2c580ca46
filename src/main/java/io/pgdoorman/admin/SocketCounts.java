package io.pgdoorman.admin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Sockets of this process by state, from {@code /proc/self/fd} and {@code /proc/self/net}. Threads:
 * no state.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_net.5.html">proc_pid_net(5)</a>
 */
public final class SocketCounts {
    /** By the code of the kernel, from 1. */
    private static final List<String> TCP_STATES =
            List.of(
                    "established",
                    "syn_sent",
                    "syn_recv",
                    "fin_wait1",
                    "fin_wait2",
                    "time_wait",
                    "close",
                    "close_wait",
                    "last_ack",
                    "listen",
                    "closing",
                    "new_syn_recv",
                    "bound_inactive");

    /** By the code of the kernel, from 0; then kinds. */
    private static final List<String> UNIX_STATES =
            List.of("free", "unconnected", "connecting", "connected", "disconnecting");

    private static final int DATAGRAM = 2;
    private static final int SEQPACKET = 5;

    private SocketCounts() {}

    /**
     * How many there are of each kind: {@code tcp}, {@code tcp6}, {@code unix}, {@code unknown}.
     *
     * @throws IOException this is not Linux, or {@code /proc} is not there
     */
    public static Map<String, Long> byKind() throws IOException {
        Set<String> own = inodes();
        long[] unix = new long[UNIX_STATES.size() + 3];
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("tcp", LongStream.of(tcp("/proc/self/net/tcp", own)).sum());
        counts.put("tcp6", LongStream.of(tcp("/proc/self/net/tcp6", own)).sum());
        unix(own, unix);
        long unknown = unix[unix.length - 1];
        counts.put("unix", LongStream.of(unix).sum() - unknown);
        counts.put("unknown", unknown);
        return counts;
    }

    static Table read() throws IOException {
        Set<String> own = inodes();
        long[] tcp = tcp("/proc/self/net/tcp", own);
        long[] tcp6 = tcp("/proc/self/net/tcp6", own);
        long[] unix = new long[UNIX_STATES.size() + 3];
        unix(own, unix);
        List<String> names = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        add("tcp_", tcp, names, values);
        add("tcp6_", tcp6, names, values);
        UNIX_STATES.forEach(state -> names.add("unix_" + state + ":n"));
        names.addAll(List.of("unix_dgram:n", "unix_seq_packet:n", "unknown:n"));
        for (long count : unix) {
            values.add(count);
        }
        return Table.of(names.toArray(String[]::new)).row(values.toArray());
    }

    private static void add(String prefix, long[] counts, List<String> names, List<Object> values) {
        for (int i = 0; i < counts.length; i++) {
            names.add(prefix + TCP_STATES.get(i) + ":n");
            values.add(counts[i]);
        }
    }

    private static Set<String> inodes() throws IOException {
        Set<String> inodes = new HashSet<>();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            all.map(SocketCounts::target)
                    .filter(target -> target.startsWith("socket:["))
                    .forEach(target -> inodes.add(target.substring(8, target.length() - 1)));
        }
        return inodes;
    }

    /** Empty if it was closed meanwhile. */
    private static String target(Path path) {
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static long[] tcp(String file, Set<String> own) throws IOException {
        long[] counts = new long[TCP_STATES.size()];
        Path path = Path.of(file);
        if (!Files.exists(path)) {
            return counts;
        }
        List<String> lines = Files.readAllLines(path);
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.trim().split("\\s+");
            int state = Integer.parseInt(fields[3], 16);
            if (own.remove(fields[9]) && state >= 1 && state <= counts.length) {
                counts[state - 1]++;
            }
        }
        return counts;
    }

    private static void unix(Set<String> own, long[] counts) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/self/net/unix"));
        int kinds = UNIX_STATES.size();
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.trim().split("\\s+");
            if (fields.length < 7 || !own.remove(fields[6])) {
                continue;
            }
            int kind = Integer.parseInt(fields[4], 16);
            int state = Integer.parseInt(fields[5], 16);
            if (kind == DATAGRAM) {
                counts[kinds]++;
            } else if (kind == SEQPACKET) {
                counts[kinds + 1]++;
            } else if (state < kinds) {
                counts[state]++;
            }
        }
        counts[kinds + 2] = own.size();
    }
}
