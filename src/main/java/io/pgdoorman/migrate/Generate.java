package io.pgdoorman.migrate;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/** Makes a configuration for a living PostgreSQL. Threads: any, because it has no state. */
public final class Generate {
    /** What pgjdbc says when the server wants a password and none is known. */
    private static final String NO_PASSWORD = "08004";

    private static final Pattern HOST = Pattern.compile("[\\w.:%-]+");
    private static final String CONNECT_SECONDS = "10";
    private static final String ANSWER_SECONDS = "60";

    private Generate() {}

    /**
     * Connects, asks, and returns the text of the configuration, which holds secrets.
     *
     * @param password if it is known; otherwise the driver looks into the file PGPASSFILE names or
     *     {@code ~/.pgpass}, and then {@code prompt} is asked if the server wants one
     * @throws MigrationException if PostgreSQL cannot be reached or asked
     */
    public static String run(
            GenerateOptions options, Optional<String> password, PasswordPrompt prompt)
            throws MigrationException {
        if (!HOST.matcher(options.host()).matches()) {
            throw new MigrationException(
                    "%s is no host name or address; PostgreSQL is asked by TCP, a Unix socket can be named by"
                                    .formatted(Printable.of(options.host()))
                            + " --server-host for the pools");
        }
        try (Connection connection = connect(options, password, prompt)) {
            Draft draft = ClusterDraft.of(ClusterReader.read(connection), options);
            String text = ConfigWriter.write(draft, options.format(), options.comments());
            LoadCheck.check(text, options.format());
            return text;
        } catch (SQLException e) {
            throw new MigrationException(text(e, options));
        }
    }

    private static Connection connect(
            GenerateOptions options, Optional<String> password, PasswordPrompt prompt)
            throws SQLException {
        try {
            return connect(options, password);
        } catch (SQLException e) {
            if (password.isPresent() || !NO_PASSWORD.equals(e.getSQLState())) {
                throw e;
            }
            Optional<String> answer =
                    prompt.ask("Password of %s at PostgreSQL: ".formatted(options.user()));
            if (answer.isEmpty()) {
                throw e;
            }
            return connect(options, answer);
        }
    }

    private static Connection connect(GenerateOptions options, Optional<String> password)
            throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", options.user());
        password.ifPresent(text -> properties.setProperty("password", text));
        properties.setProperty("sslmode", options.tls() ? "require" : "prefer");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("ApplicationName", "pg_doorman generate");
        properties.setProperty("connectTimeout", CONNECT_SECONDS);
        properties.setProperty("socketTimeout", ANSWER_SECONDS);
        String host = options.host().contains(":") ? "[" + options.host() + "]" : options.host();
        String url =
                "jdbc:postgresql://%s:%d/%s"
                        .formatted(
                                host,
                                options.port(),
                                URLEncoder.encode(options.database(), StandardCharsets.UTF_8));
        return DriverManager.getConnection(url, properties);
    }

    /** The driver's messages name no secret. */
    private static String text(SQLException e, GenerateOptions options) {
        Throwable cause = e.getCause();
        String reason = Objects.requireNonNullElse(e.getMessage(), e.toString());
        String more =
                cause == null || cause.getMessage() == null ? "" : " (" + cause.getMessage() + ")";
        String state = Objects.requireNonNullElse(e.getSQLState(), "");
        String advice =
                switch (state.length() < 2 ? state : state.substring(0, 2)) {
                    case "08" ->
                            state.equals(NO_PASSWORD)
                                    ? "set PGPASSWORD or PGPASSFILE, write ~/.pgpass, or run it in a terminal with --output"
                                    : "is it there, and may this host reach it? See --host and --port";
                    case "28" -> "see --user, PGPASSWORD, ~/.pgpass and PostgreSQL's pg_hba.conf";
                    case "3D" -> "see --database";
                    default -> "see PostgreSQL's log";
                };
        return Printable.of(
                "cannot ask %s:%d as %s: %s%s; %s"
                        .formatted(
                                options.host(),
                                options.port(),
                                options.user(),
                                reason,
                                more,
                                advice));
    }
}
