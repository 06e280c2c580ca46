package io.pgdoorman.config;

import java.time.Duration;
import java.util.Optional;

/** The value types of durations and byte sizes. Threads: immutable. */
final class QuantityTypes {
    private static final Duration LONGEST = Duration.ofDays(36_500);

    /** Zero allowed; it usually means off. A bare number is milliseconds. */
    static final ValueType<Duration> DURATION = new DurationType(1, true);

    static final ValueType<Duration> POSITIVE_DURATION = new DurationType(1, false);

    /** A bare number is seconds. */
    static final ValueType<Duration> SECONDS = new DurationType(1_000, true);

    static final ValueType<Duration> POSITIVE_SECONDS = new DurationType(1_000, false);
    static final ValueType<Long> BYTES = new BytesType();

    private QuantityTypes() {}

    private record DurationType(long bareMillis, boolean zeroAllowed)
            implements ValueType<Duration> {
        @Override
        public String describe() {
            String rule = zeroAllowed ? "duration" : "duration above 0";
            return bareMillis == 1 ? rule : rule + ", a bare number is seconds";
        }

        @Override
        public Optional<Duration> read(Node node, Complaints complaints) {
            Optional<Long> millis =
                    switch (node) {
                        case Node.Whole(long number, var _) when number >= 0 ->
                                Quantities.parseMillis(Long.toString(number), bareMillis);
                        case Node.Text(String text, var _) ->
                                Quantities.parseMillis(text, bareMillis);
                        default -> Optional.empty();
                    };
            Optional<Duration> value = millis.map(Duration::ofMillis);
            if (value.isEmpty()) {
                complaints.add(
                        node,
                        "must be a duration, a number with a suffix ms, s, m, h or d, is "
                                + ValueTypes.shown(node));
            } else if (value.get().compareTo(LONGEST) > 0) {
                complaints.add(node, "must be at most 100 years, is " + ValueTypes.shown(node));
                return Optional.empty();
            } else if (value.get().isZero() && !zeroAllowed) {
                complaints.add(node, "must be > 0");
                return Optional.empty();
            }
            return value;
        }

        @Override
        public String toml(Duration value) {
            return TomlText.quote(Quantities.format(value));
        }

        @Override
        public String plain(Duration value) {
            return Long.toString(value.toMillis() / bareMillis);
        }
    }

    private record BytesType() implements ValueType<Long> {
        @Override
        public String describe() {
            return "byte size";
        }

        @Override
        public Optional<Long> read(Node node, Complaints complaints) {
            Optional<Long> bytes =
                    switch (node) {
                        case Node.Whole(long number, var _) when number >= 0 -> Optional.of(number);
                        case Node.Text(String text, var _) -> Quantities.parseBytes(text);
                        default -> Optional.empty();
                    };
            if (bytes.isEmpty()) {
                complaints.add(
                        node,
                        "must be a byte size, a number with a suffix B, KB, MB or GB, is "
                                + ValueTypes.shown(node));
            }
            return bytes;
        }

        @Override
        public String toml(Long value) {
            return value == 0 ? "0" : TomlText.quote(Quantities.formatBytes(value));
        }

        @Override
        public String plain(Long value) {
            return value.toString();
        }
    }
}
