package io.pgdoorman.process.load;

import java.util.Locale;

/** Queries that run for long before they answer. */
final class SleepingQueries extends WireScenario {
    private final double leastSeconds;
    private final double mostSeconds;

    SleepingQueries(Seat seat, double leastSeconds, double mostSeconds) {
        super(seat);
        this.leastSeconds = leastSeconds;
        this.mostSeconds = mostSeconds;
    }

    @Override
    public void round(long number) {
        double seconds = seat().random().nextDouble(leastSeconds, mostSeconds);
        String answer = "answer %d to %d".formatted(number, seat().number());
        dialogue()
                .ask(
                        String.format(
                                Locale.ROOT,
                                "SELECT '%s' AS answer FROM pg_sleep(%.3f)",
                                answer,
                                seconds),
                        Lines.row("answer", answer, "SELECT 1", 'I'));
    }
}
