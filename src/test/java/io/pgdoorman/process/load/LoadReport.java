package io.pgdoorman.process.load;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What came of a run. Threads: immutable.
 *
 * @param disturbance in words, with its seed
 * @param seed of the clients
 * @param rounds done by all clients of each kind
 * @param mostServers by database
 * @param opened servers that were not there before the disturbance
 * @param faults none, if all is well
 * @param log the end of the pooler's
 */
public record LoadReport(
        String disturbance,
        long seed,
        Map<ClientKind, Long> rounds,
        Map<String, Integer> mostServers,
        Set<ServerSnapshot.Server> opened,
        List<Fault> faults,
        String log) {
    private static final int SHOWN_FAULTS = 10;

    public LoadReport {
        faults = List.copyOf(faults);
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        text.append("disturbance: ").append(disturbance).append('\n');
        text.append("seed of the clients: ").append(seed).append('\n');
        text.append("rounds: ").append(rounds).append('\n');
        text.append("most servers: ").append(mostServers).append('\n');
        text.append("new servers: ").append(opened).append('\n');
        text.append(faults.size()).append(" faults\n");
        faults.stream().limit(SHOWN_FAULTS).forEach(fault -> text.append(fault).append('\n'));
        return text.append("the end of the pooler's log:\n").append(log).toString();
    }
}
