package io.pgdoorman.migrate;

import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.Problem;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code auth_type} and {@code auth_hba_file} become {@code pg_hba}. A file all of whose rules are
 * understood is pointed at; otherwise its rules are written out, and one that is not understood
 * becomes one that refuses: nobody gets in whom PgBouncer would have kept out. Threads: confined to
 * one import.
 */
final class HbaImport {
    private static final Pattern FIELD = Pattern.compile("(?:\"[^\"]*\"|[^\\s\"#])+|#.*");
    private static final Pattern NAMED_FILE =
            Pattern.compile("((?:^|[\\s,])@|^include\\w*\\s+)(?=[^\\s/\",#])");
    private static final String ROLES =
            "who is a member of a role is asked by auth_query, which the pools do not have";
    private static final String NOBODY = "local all all reject\nhost all all all reject\n";

    private final BouncerSettings settings;
    private final Findings findings;

    HbaImport(BouncerSettings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /**
     * @param given the file to read in place of {@code auth_hba_file}
     * @param ini where {@code auth_hba_file} may be relative to
     */
    Line.Setting setting(Optional<Path> given, Path ini) throws MigrationException {
        String type = settings.value("auth_type").orElse("md5");
        Optional<String> named = settings.value("auth_hba_file");
        if (given.isPresent()) {
            return file(given.get(), "given by --hba");
        }
        if (!type.equals("hba")) {
            return Line.ofText("pg_hba", ofType(type));
        }
        Place at = settings.at("auth_hba_file");
        if (named.isEmpty()) {
            throw new MigrationException(
                    settings.at("auth_type")
                            + ": auth_type is hba, but there is no auth_hba_file; give --hba FILE");
        }
        return file(TextFile.resolve(named.get(), ini, at), "auth_hba_file at " + at);
    }

    private String ofType(String type) {
        return switch (type) {
            case "md5", "scram-sha-256", "trust" -> everybody(type);
            case "plain" -> everybody("password");
            case "pam" -> everybody("pam pamservice=pgbouncer");
            case "any" -> {
                settings.report(
                        "auth_type",
                        "any lets everybody in under any name; here only the users that are listed"
                                + " get in, without a password",
                        "");
                yield everybody("trust");
            }
            case "cert" ->
                    settings.value("client_tls_ca_file").isPresent()
                            ? "local all all reject\nhostssl all all all cert\n"
                            : nobody();
            default -> nobody();
        };
    }

    private String nobody() {
        settings.report(
                "auth_type", "this method cannot be used, so that nobody may log in", "set pg_hba");
        return NOBODY;
    }

    private static String everybody(String method) {
        return "local all all %1$s\nhost all all all %1$s\n".formatted(method);
    }

    private Line.Setting file(Path file, String why) throws MigrationException {
        List<String> lines = TextFile.lines(file, why);
        var written = new StringBuilder();
        boolean changed = false;
        Path directory = file.toAbsolutePath().getParent();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            Optional<String> error = error(line, directory);
            if (error.isEmpty()) {
                written.append(withPaths(line, directory)).append('\n');
            } else {
                changed = true;
                String rule = refusing(line, directory);
                written.append(rule);
                findings.add(
                        new Place(file.toString(), i + 1),
                        "auth_hba_file",
                        error.get() + "; the rule is replaced by one that refuses",
                        "see pg_hba: " + rule.strip().replace("\n", ", "));
            }
        }
        return changed
                ? Line.ofText("pg_hba", written.toString())
                : Line.of("pg_hba", Map.of("path", file.toAbsolutePath().toString()));
    }

    /** Files that are named beside the file are, in a text, beside something else. */
    private static String withPaths(String line, @Nullable Path directory) {
        String base = Matcher.quoteReplacement(directory + "/");
        return NAMED_FILE.matcher(line).replaceAll("$1" + base);
    }

    /** Why the pooler does not take the line; empty if it does. */
    private static Optional<String> error(String line, @Nullable Path directory) {
        var problems = new ArrayList<Problem>();
        Path base = directory == null ? Path.of("") : directory;
        HbaRules rules = HbaRules.parse(line, "", base, problems::add);
        return problems.stream()
                .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                .map(Problem::message)
                .findFirst()
                .or(() -> rules.nameRoles() ? Optional.of(ROLES) : Optional.empty());
    }

    /** Refuses all whom the line is about, and more if it cannot be told whom. */
    private static String refusing(String line, @Nullable Path directory) {
        if (line.chars().filter(c -> c == '"').count() % 2 != 0) {
            return NOBODY;
        }
        List<String> fields =
                FIELD.matcher(line)
                        .results()
                        .map(MatchResult::group)
                        .filter(field -> !field.startsWith("#"))
                        .toList();
        // With a mask there is one field more; without one the longer form is not understood.
        for (int kept = Math.min(5, fields.size()); kept >= 3; kept--) {
            String rule = String.join(" ", fields.subList(0, kept)) + " reject";
            boolean whole = kept >= (isLocal(fields) ? 3 : 4);
            if (whole && error(rule, directory).isEmpty()) {
                return rule + "\n";
            }
        }
        return NOBODY;
    }

    private static boolean isLocal(List<String> fields) {
        return fields.getFirst().equalsIgnoreCase("local");
    }
}
