package io.pgdoorman.migrate;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The settings of {@code [pgbouncer]} by type. A value that is none is reported, and PgBouncer's
 * default counts instead. Threads: confined to one import.
 */
final class BouncerSettings {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,6})?");

    private final Place start;
    private final Map<String, IniEntry> settings;
    private final Findings findings;
    private final Set<String> asked = new HashSet<>();

    /**
     * @param start stands for what the file does not say
     */
    BouncerSettings(Place start, Map<String, IniEntry> settings, Findings findings) {
        this.start = start;
        this.settings = settings;
        this.findings = findings;
    }

    /** Where the setting stands; the start of the file if it is not set. */
    Place at(String name) {
        IniEntry entry = settings.get(name);
        return entry == null ? start : entry.at();
    }

    Optional<String> text(String name) {
        asked.add(name);
        return Optional.ofNullable(settings.get(name)).map(IniEntry::value);
    }

    /** The text, unless it is empty. */
    Optional<String> value(String name) {
        return text(name).filter(value -> !value.isEmpty());
    }

    boolean isGiven(String name) {
        return text(name).isPresent();
    }

    int count(String name, int otherwise) {
        return text(name).flatMap(text -> count(name, text, at(name))).orElse(otherwise);
    }

    /** A number of another line, such as that of a database; empty if it is none. */
    Optional<Integer> count(String name, String text, Place at) {
        if (NUMBER.matcher(text).matches()) {
            return Optional.of(Integer.parseInt(text));
        }
        findings.add(at, name, "is not a number from 0, and is left out", "");
        return Optional.empty();
    }

    boolean flag(String name, boolean otherwise) {
        return count(name, otherwise ? 1 : 0) != 0;
    }

    Duration seconds(String name, int otherwise) {
        return text(name)
                .flatMap(text -> seconds(name, text, at(name)))
                .orElse(Duration.ofSeconds(otherwise));
    }

    /** A time of another line in seconds; empty if it is none. */
    Optional<Duration> seconds(String name, String text, Place at) {
        if (SECONDS.matcher(text).matches()) {
            BigDecimal millis = new BigDecimal(text).movePointRight(3);
            return Optional.of(Duration.ofMillis(millis.longValue()));
        }
        findings.add(at, name, "is not a number of seconds, and is left out", "");
        return Optional.empty();
    }

    void report(String name, String why, String advice) {
        findings.add(at(name), name, why, advice);
    }

    /** Reports what nobody has asked for. */
    void reportRest() {
        settings.values().stream()
                .filter(entry -> !asked.contains(entry.key()))
                .forEach(this::reportUnmapped);
    }

    private void reportUnmapped(IniEntry entry) {
        Counterparts.Missing missing = Counterparts.SETTINGS.get(entry.key());
        if (missing == null) {
            report(entry.key(), "is not a setting of PgBouncer that is known here", "");
        } else if (!missing.defaults().equals(entry.value())) {
            report(entry.key(), missing.why(), missing.advice());
        }
    }

    /** As a configuration has it. */
    static String written(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }
}
