package io.pgdoorman.config;

import io.pgdoorman.config.HbaFiles.Field;
import io.pgdoorman.config.HbaFiles.Line;
import io.pgdoorman.config.HbaTokens.Token;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * User name maps as in pg_ident.conf: which user of the database somebody may be whom another
 * authority knows by another name. For methods with the option {@code map}.
 *
 * <p>Threads: immutable.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-username-maps.html">User Name Maps</a>
 */
final class IdentMaps {
    private static final String CAPTURE = "\\1";
    private static final int FIELDS = 3;

    static final IdentMaps NONE = new IdentMaps(Map.of());

    private final Map<String, List<Mapping>> maps;

    /** Whom a line is about: one name, or those that match. */
    private record SystemUser(String name, @Nullable HbaPattern pattern) {}

    /** Whom they may be. */
    private sealed interface DatabaseUser {
        record Any() implements DatabaseUser {}

        record Exactly(String name) implements DatabaseUser {}

        record Matching(HbaPattern pattern) implements DatabaseUser {}

        /** A name with what the system user's expression has captured. */
        record Composed(String template, FirstGroup group) implements DatabaseUser {}
    }

    private record Mapping(SystemUser from, DatabaseUser to) {
        boolean allows(String systemUser, String databaseUser) {
            HbaPattern pattern = from.pattern();
            boolean meant =
                    pattern == null ? from.name().equals(systemUser) : pattern.matches(systemUser);
            return meant && allowsTo(databaseUser, systemUser);
        }

        private boolean allowsTo(String databaseUser, String systemUser) {
            return switch (to) {
                case DatabaseUser.Any() -> true;
                case DatabaseUser.Exactly(String name) -> name.equals(databaseUser);
                case DatabaseUser.Matching(HbaPattern pattern) -> pattern.matches(databaseUser);
                case DatabaseUser.Composed(String template, FirstGroup group) ->
                        group.captured(systemUser)
                                .map(captured -> template.replace(CAPTURE, captured))
                                .filter(databaseUser::equals)
                                .isPresent();
            };
        }
    }

    private IdentMaps(Map<String, List<Mapping>> maps) {
        this.maps = maps;
    }

    /** Reads a file; lines with a problem are left out. Never throws. */
    static IdentMaps read(Path file, Consumer<Problem> problems) {
        return of(new HbaFiles(problems).lines(file), problems);
    }

    /** As {@link #read}, of a text; the parameters are those of {@link HbaRules#parse}. */
    static IdentMaps parse(String text, String source, Path directory, Consumer<Problem> problems) {
        return of(new HbaFiles(problems).lines(text, source, directory), problems);
    }

    private static IdentMaps of(List<Line> lines, Consumer<Problem> problems) {
        var reader = new Reader(problems);
        lines.forEach(reader::take);
        return new IdentMaps(reader.maps);
    }

    /** Whether there is such a map; an option that names another is an error. */
    boolean has(String map) {
        return maps.containsKey(map);
    }

    /** Whether somebody may log in as a user of the database. */
    boolean allows(String map, String systemUser, String databaseUser) {
        return maps.getOrDefault(map, List.of()).stream()
                .anyMatch(mapping -> mapping.allows(systemUser, databaseUser));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IdentMaps that && maps.equals(that.maps);
    }

    @Override
    public int hashCode() {
        return maps.hashCode();
    }

    /** Makes maps of lines. */
    private static final class Reader {
        private final Consumer<Problem> problems;
        private final Map<String, List<Mapping>> maps = new HashMap<>();

        Reader(Consumer<Problem> problems) {
            this.problems = problems;
        }

        void take(Line line) {
            if (line.fields().size() != FIELDS) {
                error(line, "expected MAP SYSTEM_USER DATABASE_USER");
                return;
            }
            for (Field field : line.fields()) {
                if (field.tokens().size() != 1) {
                    error(line, "expected one name, got " + field.shown());
                    return;
                }
            }
            try {
                SystemUser from = systemUser(line.fields().get(1).first());
                DatabaseUser to = databaseUser(line.fields().get(2).first(), from);
                maps.computeIfAbsent(line.fields().get(0).first().text(), _ -> new ArrayList<>())
                        .add(new Mapping(from, to));
            } catch (IllegalArgumentException e) {
                error(line, String.valueOf(e.getMessage()));
            }
        }

        private static SystemUser systemUser(Token token) {
            return new SystemUser(
                    token.text(), token.text().startsWith("/") ? pattern(token) : null);
        }

        private static DatabaseUser databaseUser(Token token, SystemUser from) {
            String text = token.text();
            if (text.startsWith("/")) {
                return new DatabaseUser.Matching(pattern(token));
            }
            if (token.is("all")) {
                return new DatabaseUser.Any();
            }
            if (!token.quoted() && text.startsWith("+")) {
                throw new IllegalArgumentException(
                        text
                                + " is not supported in maps; list the names, or use a regular expression");
            }
            if (token.quoted() || !text.contains(CAPTURE) || from.pattern() == null) {
                return new DatabaseUser.Exactly(text);
            }
            return new DatabaseUser.Composed(text, group(from.name(), text));
        }

        private static FirstGroup group(String regex, String template) {
            try {
                return FirstGroup.of(regex.substring(1));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "regular expression %s, for %s: %s"
                                .formatted(regex, template, e.getMessage()),
                        e);
            }
        }

        private static HbaPattern pattern(Token token) {
            try {
                return HbaPattern.of(token.text().substring(1));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "regular expression %s: %s".formatted(token.text(), e.getMessage()), e);
            }
        }

        private void error(Line line, String message) {
            problems.accept(
                    new Problem(
                            Problem.Severity.ERROR,
                            line.file(),
                            OptionalInt.of(line.number()),
                            "",
                            message,
                            Optional.empty()));
        }
    }
}
