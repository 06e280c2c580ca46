package io.pgdoorman.log;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which lines pass, as an operator writes it: levels by comma, at most one of them bare, the others
 * for the loggers of a module and of what is below it.
 *
 * <pre>
 *   info     warn,io.pgdoorman.pool=debug     info,pg_doorman::server=off
 * </pre>
 *
 * <p>A module passes more or less than the base; of two that fit, the longer decides. Names of
 * pg_doorman's modules are taken too, see {@link ModuleNames}. Threads: immutable.
 *
 * @param base of everything that no module names
 * @param modules in the order they were written, as they were written, without repetition
 */
public record LogFilter(LogLevel base, List<Module> modules) {
    /** Most characters of a module's name. */
    static final int MAX_NAME = 256;

    /** Each name becomes a logger, and loggers live as long as the process. */
    static final int MAX_MODULES = 64;

    private static final int QUOTED = 64;
    private static final LogLevel DEFAULT_BASE = LogLevel.INFO;

    /** Logback refuses a logger with an empty part in its name. */
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*((\\.|\\$|::)[A-Za-z0-9_-]+)*+");

    /** Logback's name of what the base is the level of. */
    private static final String ROOT = org.slf4j.Logger.ROOT_LOGGER_NAME;

    /** Netty's own diagnosis at debug describes Netty, not the traffic. */
    private static final String NETTY = "io.netty";

    /**
     * One entry.
     *
     * @param name as it was written
     */
    public record Module(String name, LogLevel level) {}

    public LogFilter {
        modules = List.copyOf(modules);
    }

    /** Everything at one level. */
    public static LogFilter of(LogLevel base) {
        return new LogFilter(base, List.of());
    }

    /**
     * Reads a filter. Names of levels are taken in any case, blanks around words are skipped; the
     * base is info if no bare level is given; a module named twice has the level named last.
     */
    public static LogFilter parse(String text) throws LogFilterException {
        LogLevel base = null;
        Map<String, LogLevel> modules = new LinkedHashMap<>();
        for (String entry : text.split(",", -1)) {
            String word = entry.strip();
            int equals = word.indexOf('=');
            if (equals >= 0) {
                modules.put(name(word.substring(0, equals).strip()), level(word, equals + 1));
            } else if (!word.isEmpty()) {
                if (base != null) {
                    throw new LogFilterException("Multiple base levels specified");
                }
                base = level(word, 0);
            }
            if (modules.size() > MAX_MODULES) {
                throw new LogFilterException("More than %d modules".formatted(MAX_MODULES));
            }
        }
        if (base == null && modules.isEmpty()) {
            throw invalidLevel(text.strip());
        }
        List<Module> entries = new ArrayList<>();
        modules.forEach((name, level) -> entries.add(new Module(name, level)));
        return new LogFilter(base == null ? DEFAULT_BASE : base, entries);
    }

    private static LogLevel level(String word, int from) throws LogFilterException {
        String name = word.substring(from).strip();
        Optional<LogLevel> level = LogLevel.find(name);
        if (level.isEmpty()) {
            throw invalidLevel(name);
        }
        return level.get();
    }

    private static String name(String name) throws LogFilterException {
        if (name.length() > MAX_NAME) {
            throw new LogFilterException("Module path too long: " + quoted(name));
        }
        if (!NAME.matcher(name).matches() || name.equalsIgnoreCase(ROOT)) {
            throw new LogFilterException("Invalid module path '%s'".formatted(quoted(name)));
        }
        return name;
    }

    private static LogFilterException invalidLevel(String name) {
        return new LogFilterException(
                "Invalid log level '%s'. Valid: error, warn, info, debug, trace, off"
                        .formatted(quoted(name)));
    }

    /** A stranger's text for a message: its beginning, on one line. */
    private static String quoted(String text) {
        String head = text.length() > QUOTED ? text.substring(0, QUOTED) : text;
        return head.replaceAll("[\\p{Cntrl}\\p{Cs}\\u2028\\u2029]", "?");
    }

    /** The levels by logger; the root's is {@link #base}. */
    Map<String, LogLevel> loggers() {
        Map<String, LogLevel> loggers = new LinkedHashMap<>();
        if (base == LogLevel.DEBUG) {
            loggers.put(NETTY, LogLevel.INFO);
        }
        for (Module module : modules) {
            loggers.put(ModuleNames.logger(module.name()), module.level());
        }
        return loggers;
    }

    /** What {@link #parse} reads as an equal filter. */
    @Override
    public String toString() {
        var text = new StringBuilder(base.text());
        for (Module module : modules) {
            text.append(',').append(module.name()).append('=').append(module.level().text());
        }
        return text.toString();
    }
}
