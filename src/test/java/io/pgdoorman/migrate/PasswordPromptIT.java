package io.pgdoorman.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.testing.PostgresServer;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** When a person is asked for the password. */
class PasswordPromptIT {
    private static final PostgresServer SERVER = PostgresServer.shared();

    private final List<String> questions = new ArrayList<>();

    @Test
    void thePersonIsAskedOnceIfTheServerWantsAPassword() throws Exception {
        String text =
                Generate.run(
                        options("scram_user"),
                        Optional.empty(),
                        question -> answer(question, PostgresServer.PASSWORD));

        assertThat(text).contains("[pools.postgres]").doesNotContain(PostgresServer.PASSWORD);
        assertThat(questions).containsExactly("Password of scram_user at PostgreSQL: ");
    }

    @Test
    void nobodyIsAskedIfTheServerWantsNone() throws Exception {
        Generate.run(
                options(PostgresServer.SUPERUSER),
                Optional.empty(),
                question -> answer(question, ""));

        assertThat(questions).isEmpty();
    }

    @Test
    void aWrongAnswerIsAnErrorThatDoesNotShowIt() {
        assertThatThrownBy(
                        () ->
                                Generate.run(
                                        options("scram_user"),
                                        Optional.empty(),
                                        question -> answer(question, "hunter2")))
                .isInstanceOf(MigrationException.class)
                .hasMessageContaining("password authentication failed")
                .hasMessageNotContaining("hunter2");
        assertThat(questions).hasSize(1);
    }

    private Optional<String> answer(String question, String password) {
        questions.add(question);
        return Optional.of(password);
    }

    private static GenerateOptions options(String user) {
        return new GenerateOptions(
                SERVER.host(),
                SERVER.port(),
                user,
                "postgres",
                false,
                40,
                false,
                Optional.empty(),
                ConfigFormat.TOML,
                true);
    }
}
