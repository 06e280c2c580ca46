package io.pgdoorman.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.log.LogFormat;
import io.pgdoorman.log.LogLevel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Map;

class ArgumentsTest {
    private static final Map<String, String> NO_ENVIRONMENT = Map.of();

    @Test
    void hasDefaults() throws UsageException {
        Arguments arguments = parse("");

        assertThat(arguments.configFile()).isEqualTo(Path.of("pg_doorman.toml"));
        assertThat(arguments.logLevel()).isEqualTo(LogLevel.INFO);
        assertThat(arguments.logFormat()).isEqualTo(LogFormat.TEXT);
        assertThat(arguments.noColor()).isFalse();
        assertThat(arguments.daemon()).isFalse();
        assertThat(arguments.inheritFd()).isFalse();
        assertThat(arguments.testConfig()).isFalse();
        assertThat(arguments.strict()).isFalse();
        assertThat(arguments.command()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-l debug -F structured -n -t a.toml",
                "a.toml -l debug -F structured -n -t",
                "-l debug a.toml -nt -F structured",
                "-ldebug -Fstructured -nt a.toml",
                "--log-level=DEBUG --log-format Structured --no-color --test-config a.toml",
                "-l info -l debug -F structured -nt -- a.toml"
            })
    void optionsStandBeforeAndAfterTheFile(String line) throws UsageException {
        Arguments arguments = parse(line);

        assertThat(arguments.configFile()).isEqualTo(Path.of("a.toml"));
        assertThat(arguments.logLevel()).isEqualTo(LogLevel.DEBUG);
        assertThat(arguments.logFormat()).isEqualTo(LogFormat.STRUCTURED);
        assertThat(arguments.noColor()).isTrue();
        assertThat(arguments.testConfig()).isTrue();
    }

    @Test
    void theEnvironmentStandsInForOptions() throws UsageException {
        var environment =
                Map.of(
                        "CONFIG_FILE", "env.toml",
                        "LOG_LEVEL", "Trace",
                        "LOG_FORMAT", "structured",
                        "NO_COLOR", "1",
                        "DAEMON", "true",
                        "INHERIT_FD", "7");

        Arguments arguments = Arguments.parse(new String[0], environment);

        assertThat(arguments.configFile()).isEqualTo(Path.of("env.toml"));
        assertThat(arguments.logLevel()).isEqualTo(LogLevel.TRACE);
        assertThat(arguments.logFormat()).isEqualTo(LogFormat.STRUCTURED);
        assertThat(arguments.noColor()).isTrue();
        assertThat(arguments.daemon()).isTrue();
        assertThat(arguments.inheritFd()).isTrue();
    }

    @Test
    void theCommandLineWinsOverTheEnvironment() throws UsageException {
        var environment = Map.of("CONFIG_FILE", "env.toml", "LOG_LEVEL", "nonsense");

        Arguments arguments =
                Arguments.parse(new String[] {"-l", "warn", "line.toml"}, environment);

        assertThat(arguments.configFile()).isEqualTo(Path.of("line.toml"));
        assertThat(arguments.logLevel()).isEqualTo(LogLevel.WARN);
    }

    @ParameterizedTest
    @CsvSource({
        "LOG_LEVEL, off, 'error, warn, info, debug, trace'",
        "LOG_LEVEL, loud, 'error, warn, info, debug, trace'",
        "LOG_FORMAT, xml, 'text, structured, debug'",
        "DAEMON, yes, true or false",
        "INHERIT_FD, three, a number"
    })
    void aWrongVariableIsNamedWithWhatIsAllowed(String variable, String value, String allowed) {
        assertThatThrownBy(() -> Arguments.parse(new String[0], Map.of(variable, value)))
                .isInstanceOf(UsageException.class)
                .hasMessageContainingAll(variable, value, allowed);
    }

    @Test
    void whatFollowsACommandBelongsToIt() throws UsageException {
        Arguments arguments = parse("-l debug demo --port 7");

        assertThat(arguments.command()).contains("demo");
        assertThat(arguments.commandArguments()).containsExactly("--port", "7");
        assertThat(arguments.logLevel()).isEqualTo(LogLevel.DEBUG);
    }

    @Test
    void aFileNamedLikeACommandIsWrittenWithItsDirectory() throws UsageException {
        assertThat(parse("./demo").configFile()).isEqualTo(Path.of("./demo"));
    }

    private static Arguments parse(String line) throws UsageException {
        String[] words = line.isEmpty() ? new String[0] : line.split(" ", -1);
        return Arguments.parse(words, NO_ENVIRONMENT);
    }
}
