package io.pgdoorman.config;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations and byte sizes as text. Threads: any thread, because it has no state. */
final class Quantities {
    private static final Pattern NUMBER_AND_SUFFIX =
            Pattern.compile("\\s*\\+?([0-9]+)\\s*([A-Za-z]*)\\s*");

    /** Largest first, so that writing finds the shortest form. */
    private static final Map<String, Long> MILLIS = new LinkedHashMap<>();

    private static final Map<String, Long> BYTES = new LinkedHashMap<>();

    static {
        MILLIS.put("d", 86_400_000L);
        MILLIS.put("h", 3_600_000L);
        MILLIS.put("m", 60_000L);
        MILLIS.put("s", 1_000L);
        MILLIS.put("ms", 1L);
        BYTES.put("gb", 1L << 30);
        BYTES.put("g", 1L << 30);
        BYTES.put("mb", 1L << 20);
        BYTES.put("m", 1L << 20);
        BYTES.put("kb", 1L << 10);
        BYTES.put("k", 1L << 10);
        BYTES.put("b", 1L);
    }

    private Quantities() {}

    /** Milliseconds; {@code bare} is the unit of a number without one, also in milliseconds. */
    static Optional<Long> parseMillis(String text, long bare) {
        return parse(text, MILLIS, bare);
    }

    static Optional<Long> parseBytes(String text) {
        return parse(text, BYTES, 1);
    }

    /** In the largest unit that fits without a rest; zero is "0s". */
    static String format(Duration value) {
        long millis = value.toMillis();
        return millis == 0 ? "0s" : format(millis, MILLIS);
    }

    static String formatBytes(long bytes) {
        return bytes == 0 ? "0" : format(bytes, BYTES).toUpperCase(Locale.ROOT);
    }

    private static String format(long value, Map<String, Long> units) {
        return units.entrySet().stream()
                .filter(unit -> value % unit.getValue() == 0)
                .findFirst()
                .map(unit -> value / unit.getValue() + unit.getKey())
                .orElseThrow();
    }

    private static Optional<Long> parse(String text, Map<String, Long> units, long bare) {
        Matcher matcher = NUMBER_AND_SUFFIX.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String suffix = matcher.group(2).toLowerCase(Locale.ROOT);
        Long unit = suffix.isEmpty() ? Long.valueOf(bare) : units.get(suffix);
        if (unit == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
        } catch (ArithmeticException | NumberFormatException tooLarge) {
            return Optional.empty();
        }
    }
}
