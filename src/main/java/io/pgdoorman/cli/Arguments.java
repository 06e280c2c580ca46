package io.pgdoorman.cli;

import io.pgdoorman.log.LogFormat;
import io.pgdoorman.log.LogLevel;

import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.jspecify.annotations.Nullable;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the command line and the environment say. The command line wins over the environment, the
 * environment over the default. Threads: immutable.
 *
 * @param inheritFd given by an old command line; has no effect
 * @param takeover replace the process that runs with this configuration
 * @param hba what to ask of pg_hba
 * @param command name of the sub-command, one of {@link #COMMANDS}
 * @param commandArguments what follows the name
 */
record Arguments(
        Path configFile,
        LogLevel logLevel,
        LogFormat logFormat,
        boolean noColor,
        boolean daemon,
        boolean inheritFd,
        boolean takeover,
        boolean testConfig,
        boolean strict,
        Optional<HbaQuestion> hba,
        boolean help,
        boolean version,
        Optional<String> command,
        List<String> commandArguments) {

    /** A file of such a name has to be written with its directory, as in {@code ./demo}. */
    static final Set<String> COMMANDS = Set.of("ctl", "demo", "generate", "hash", "help", "import");

    /** A process that says nothing cannot be seen to start. */
    private static final Set<LogLevel> START_LEVELS =
            EnumSet.complementOf(EnumSet.of(LogLevel.OFF));

    private static final Set<LogFormat> FORMATS = EnumSet.allOf(LogFormat.class);

    private static final String LOG_LEVEL = "log-level";
    private static final String LOG_FORMAT = "log-format";
    private static final String NO_COLOR = "no-color";
    private static final String DAEMON = "daemon";
    private static final String INHERIT_FD = "inherit-fd";
    static final String TAKEOVER = "takeover";
    private static final String TEST_CONFIG = "test-config";
    private static final String STRICT = "strict";
    private static final String HBA = "hba";
    private static final String FROM = "from";
    private static final String TLS = "tls";
    private static final String HELP = "help";
    private static final String VERSION = "version";

    private static final Options OPTIONS =
            new Options()
                    .addOption(value("l", LOG_LEVEL))
                    .addOption(value("F", LOG_FORMAT))
                    .addOption("n", NO_COLOR, false, null)
                    .addOption("d", DAEMON, false, null)
                    .addOption(value(null, INHERIT_FD))
                    .addOption(null, TAKEOVER, false, null)
                    .addOption("t", TEST_CONFIG, false, null)
                    .addOption(null, STRICT, false, null)
                    .addOption(value(null, HBA))
                    .addOption(value(null, FROM))
                    .addOption(null, TLS, false, null)
                    .addOption("h", HELP, false, null)
                    .addOption("V", VERSION, false, null);

    /** Reads {@code arguments}, and what they leave open from {@code environment}. */
    static Arguments parse(String[] arguments, Map<String, String> environment)
            throws UsageException {
        List<CommandLine> parts = new ArrayList<>();
        List<String> rest = Arrays.asList(arguments);
        @Nullable String file = null;
        Optional<String> command = Optional.empty();
        while (command.isEmpty()) { // options may stand before and after the file
            CommandLine part = options(rest);
            parts.add(part);
            rest = part.getArgList();
            if (rest.isEmpty()) {
                break;
            }
            String word = rest.getFirst();
            rest = rest.subList(1, rest.size());
            if (COMMANDS.contains(word)) {
                command = Optional.of(word);
            } else if (file == null) {
                file = word;
            } else {
                throw new UsageException("unexpected argument: " + word);
            }
        }
        return new Given(parts, environment).arguments(file, command, rest);
    }

    private static CommandLine options(List<String> words) throws UsageException {
        try {
            DefaultParser parser = DefaultParser.builder().setAllowPartialMatching(false).get();
            CommandLine part = parser.parse(OPTIONS, words.toArray(String[]::new), true);
            // The parser leaves an option it does not know where it stops.
            List<String> rest = part.getArgList();
            boolean ended = words.size() > rest.size() && isEnd(words, rest);
            if (!ended && !rest.isEmpty() && rest.getFirst().matches("-.+")) {
                throw new UsageException("unknown option: " + rest.getFirst());
            }
            return part;
        } catch (ParseException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /** Whether {@code --} stands before what is left. */
    private static boolean isEnd(List<String> words, List<String> rest) {
        return words.get(words.size() - rest.size() - 1).equals("--");
    }

    private static Option value(@Nullable String letter, String name) {
        return Option.builder(letter).longOpt(name).hasArg().get();
    }

    /** Looks a setting up on the command line, then in the environment. */
    private record Given(List<CommandLine> parts, Map<String, String> environment) {
        Arguments arguments(
                @Nullable String file, Optional<String> command, List<String> commandArguments)
                throws UsageException {
            String path = file == null ? environment.getOrDefault("CONFIG_FILE", "") : file;
            var arguments =
                    new Arguments(
                            path(path.isEmpty() ? "pg_doorman.toml" : path),
                            constant(LOG_LEVEL, "LOG_LEVEL", LogLevel.INFO, START_LEVELS),
                            constant(LOG_FORMAT, "LOG_FORMAT", LogFormat.TEXT, FORMATS),
                            has(NO_COLOR) || !environment.getOrDefault("NO_COLOR", "").isEmpty(),
                            daemon(),
                            inheritFd(),
                            has(TAKEOVER),
                            has(TEST_CONFIG),
                            has(STRICT),
                            hba(),
                            has(HELP),
                            has(VERSION),
                            command,
                            List.copyOf(commandArguments));
            if (arguments.strict() && !arguments.testConfig()) {
                throw new UsageException("--strict is an option of --test-config");
            }
            if (arguments.hba().isPresent() && !arguments.testConfig()) {
                throw new UsageException("--hba is an option of --test-config");
            }
            return arguments;
        }

        private boolean has(String name) {
            return parts.stream().anyMatch(part -> part.hasOption(name));
        }

        private Optional<HbaQuestion> hba() throws UsageException {
            Optional<String> who = last(HBA);
            Optional<String> from = last(FROM);
            if (who.isEmpty() != from.isEmpty() || (has(TLS) && who.isEmpty())) {
                throw new UsageException("--hba USER@DATABASE needs --from ADDRESS, and they it");
            }
            return who.isEmpty()
                    ? Optional.empty()
                    : Optional.of(HbaQuestion.parse(who.get(), from.orElseThrow(), has(TLS)));
        }

        /** The value given last, or else the variable's. */
        private Optional<String> text(String name, String variable) {
            return last(name).or(() -> Optional.ofNullable(environment.get(variable)));
        }

        private Optional<String> last(String name) {
            return parts.reversed().stream()
                    .filter(part -> part.hasOption(name))
                    .map(part -> part.getOptionValues(name)[part.getOptionValues(name).length - 1])
                    .findFirst();
        }

        private <E extends Enum<E>> E constant(
                String name, String variable, E otherwise, Set<E> allowed) throws UsageException {
            Optional<String> text = text(name, variable);
            if (text.isEmpty()) {
                return otherwise;
            }
            for (E constant : allowed) {
                if (constant.name().equalsIgnoreCase(text.get())) {
                    return constant;
                }
            }
            throw wrong(name, variable, text.get(), names(allowed));
        }

        private boolean daemon() throws UsageException {
            String text = environment.getOrDefault("DAEMON", "false");
            return switch (text) {
                case "true" -> true;
                case "false" -> has(DAEMON);
                case String other -> throw wrong(DAEMON, "DAEMON", other, "true or false");
            };
        }

        private boolean inheritFd() throws UsageException {
            Optional<String> text = text(INHERIT_FD, "INHERIT_FD");
            if (text.isPresent() && !text.get().matches("[0-9]{1,9}")) {
                throw wrong(INHERIT_FD, "INHERIT_FD", text.get(), "a number");
            }
            return text.isPresent();
        }

        private static Path path(String text) throws UsageException {
            try {
                return Path.of(text);
            } catch (InvalidPathException e) {
                throw new UsageException("no file can have the name " + text);
            }
        }

        private static UsageException wrong(
                String name, String variable, String value, String expected) {
            return new UsageException(
                    "--%s (or %s in the environment) must be %s, is %s"
                            .formatted(name, variable, expected, value));
        }

        private static String names(Set<? extends Enum<?>> constants) {
            return String.join(
                    ", ",
                    constants.stream()
                            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                            .toList());
        }
    }
}
