package io.pgdoorman.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code pg_doorman demo} as a user runs it. */
class DemoIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final Pattern CONNECT =
            Pattern.compile("psql \"host=(\\S+) port=(\\d+) user=(\\S+) dbname=(\\S+)\"");
    private static final Pattern FILES = Pattern.compile("Configuration: (\\S+)/pg_doorman.toml");

    @TempDir private Path directory;

    private ChildProcess demo;

    @BeforeEach
    void startDemo() {
        demo =
                ChildProcess.start(
                        List.of(PoolerProcess.program().toString(), "demo"),
                        Map.of("JAVA_TOOL_OPTIONS", ""),
                        directory);
        await().atMost(LIMIT).until(() -> !demo.isAlive() || demo.output().contains("is ready"));
    }

    @AfterEach
    void stopDemo() {
        demo.close();
    }

    @Test
    void printsAnAddressThatWorks() throws SQLException {
        Matcher connect = found(CONNECT);
        String url =
                "jdbc:postgresql://%s:%s/%s"
                        .formatted(connect.group(1), connect.group(2), connect.group(4));

        try (var connection = DriverManager.getConnection(url, connect.group(3), "");
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SHOW server_version")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).startsWith("18.");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void aSignalEndsBothAndRemovesTheFiles(String signal) {
        Path files = Path.of(found(FILES).group(1));
        assertThat(files).isDirectory();

        demo.signal(signal);

        assertThat(demo.awaitExit(LIMIT)).as(demo.output()).isEqualTo(0);
        assertThat(files).doesNotExist();
    }

    @Test
    void postgresEndsAndTheFilesGoEvenIfTheDemoIsKilled() {
        Path files = Path.of(found(FILES).group(1));

        demo.signal("KILL");

        await().atMost(LIMIT).untilAsserted(() -> assertThat(files).doesNotExist());
    }

    private Matcher found(Pattern pattern) {
        Matcher matcher = pattern.matcher(demo.output());
        assertThat(matcher.find()).as(demo.output()).isTrue();
        return matcher;
    }
}
