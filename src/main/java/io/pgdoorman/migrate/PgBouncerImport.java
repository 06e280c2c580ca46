package io.pgdoorman.migrate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes a configuration from those of PgBouncer. Threads: any, because it has no state. */
public final class PgBouncerImport {
    /**
     * What to read.
     *
     * @param ini the main file
     * @param userList in place of its {@code auth_file}
     * @param hba in place of its {@code auth_hba_file}, whatever its {@code auth_type}
     */
    public record Source(Path ini, Optional<Path> userList, Optional<Path> hba) {}

    /**
     * What came of it.
     *
     * @param text the configuration, with secrets
     * @param findings what has no counterpart or another meaning
     */
    public record Result(String text, List<Finding> findings) {
        public Result {
            findings = List.copyOf(findings);
        }

        @Override
        public String toString() {
            return "Result[findings=" + findings + "]";
        }
    }

    private PgBouncerImport() {}

    /**
     * Reads the files, which must be ones PgBouncer takes.
     *
     * @param comments whether the text explains itself, the findings among it
     * @throws MigrationException if a file cannot be read or is broken
     */
    public static Result run(Source source, ConfigFormat format, boolean comments)
            throws MigrationException {
        var findings = new Findings();
        BouncerConfig config = BouncerConfig.of(IniReader.read(source.ini()), findings);
        var start = new Place(source.ini().toString(), 1);
        var settings = new BouncerSettings(start, config.settings(), findings);
        UserList users = users(source, settings, findings);
        Line.Setting hba = new HbaImport(settings, findings).setting(source.hba(), source.ini());
        List<Line> general = new GeneralImport(settings, users).lines(hba);
        if (users.secrets().isEmpty() && !settings.isGiven("auth_user")) {
            settings.report(
                    "auth_file",
                    "no users are known, so that nobody can log in",
                    "give --userlist FILE, or add users to the pools");
        }
        List<Draft.Pool> pools = new PoolsImport(config, settings, users, findings).pools();
        reportResetQuery(settings);
        settings.reportRest();
        List<Finding> all = findings.all();
        String text =
                ConfigWriter.write(
                        new Draft(header(source, format, all), general, pools), format, comments);
        LoadCheck.check(text, format);
        return new Result(text, all);
    }

    private static UserList users(Source source, BouncerSettings settings, Findings findings)
            throws MigrationException {
        Optional<String> named = settings.value("auth_file");
        if (source.userList().isPresent()) {
            return UserList.read(source.userList().get(), "given by --userlist", findings);
        }
        if (named.isEmpty()) {
            return UserList.EMPTY;
        }
        Place at = settings.at("auth_file");
        Path file = TextFile.resolve(named.get(), source.ini(), at);
        return UserList.read(
                file, "auth_file at %s; --userlist names another".formatted(at), findings);
    }

    private static void reportResetQuery(BouncerSettings settings) {
        boolean own =
                settings.value("server_reset_query")
                        .filter(
                                query ->
                                        !query.replace(";", "")
                                                .strip()
                                                .equalsIgnoreCase("DISCARD ALL"))
                        .isPresent();
        if (own) {
            settings.report(
                    "server_reset_query",
                    "the pooler cleans servers itself (cleanup_server_connections)",
                    "");
        }
        settings.text("reserve_pool_timeout"); // part of the reserve, which is reported itself
        settings.text("max_db_connections"); // these have been asked for if there is a database
        settings.text("default_pool_size");
        settings.text("min_pool_size");
        settings.text("reserve_pool_size");
        for (String name : List.of("auth_user", "auth_query", "auth_dbname", "auth_hba_file")) {
            settings.text(name);
        }
        for (String side : List.of("client", "server")) {
            for (String file : List.of("key", "cert", "ca")) {
                settings.text("%s_tls_%s_file".formatted(side, file));
            }
        }
    }

    private static List<String> header(Source source, ConfigFormat format, List<Finding> findings) {
        List<String> header = new ArrayList<>();
        header.add(
                "Made by 'pg_doorman import' from %s. Check it by 'pg_doorman -t %s'."
                        .formatted(source.ini(), format.exampleName()));
        header.add("It holds secrets: nobody but the pooler's user should be able to read it.");
        if (!findings.isEmpty()) {
            header.add("");
            header.add("What has no counterpart, or another meaning:");
            findings.forEach(finding -> header.add("- " + finding.text()));
        }
        return header;
    }
}
