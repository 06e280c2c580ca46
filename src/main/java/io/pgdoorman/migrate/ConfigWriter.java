package io.pgdoorman.migrate;

import io.pgdoorman.config.TomlText;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Writes a {@link Draft} as TOML or YAML. Threads: confined to one call. */
final class ConfigWriter {
    private static final int COMMENT_COLUMNS = 110;
    private static final Pattern BARE_KEY = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern PLAIN_LINES = Pattern.compile("[\\x20-\\x7e\n]*");

    private final StringBuilder out = new StringBuilder();
    private final boolean yaml;
    private final boolean comments;

    private ConfigWriter(ConfigFormat format, boolean comments) {
        this.yaml = format == ConfigFormat.YAML;
        this.comments = comments;
    }

    static String write(Draft draft, ConfigFormat format, boolean comments) {
        return new ConfigWriter(format, comments).write(draft);
    }

    private String write(Draft draft) {
        if (comments) {
            draft.header().forEach(text -> comment(text, ""));
            out.append('\n');
        }
        out.append(yaml ? "general:\n" : "[general]\n");
        lines(draft.general(), yaml ? "  " : "");
        if (yaml) {
            out.append(draft.pools().isEmpty() ? "\npools: {}\n" : "\npools:\n");
            draft.pools().forEach(this::yamlPool);
        } else {
            out.append(draft.pools().isEmpty() ? "\n[pools]\n" : "");
            draft.pools().forEach(this::tomlPool);
        }
        return out.toString();
    }

    private void tomlPool(Draft.Pool pool) {
        String name = "pools." + key(pool.name());
        out.append("\n[").append(name).append("]\n");
        lines(pool.lines(), "");
        for (List<Line> user : pool.users()) {
            out.append("\n[[").append(name).append(".users]]\n");
            lines(user, "");
        }
        if (!pool.authQuery().isEmpty()) {
            out.append("\n[").append(name).append(".auth_query]\n");
            lines(pool.authQuery(), "");
        }
    }

    private void yamlPool(Draft.Pool pool) {
        out.append("  ").append(TomlText.quote(pool.name())).append(":\n");
        lines(pool.lines(), "    ");
        if (!pool.users().isEmpty()) {
            out.append("    users:\n");
        }
        for (List<Line> user : pool.users()) {
            out.append("      -\n");
            lines(user, "        ");
        }
        if (!pool.authQuery().isEmpty()) {
            out.append("    auth_query:\n");
            lines(pool.authQuery(), "      ");
        }
    }

    private void lines(List<Line> lines, String indent) {
        for (Line line : lines) {
            switch (line) {
                case Line.Comment(String text) -> {
                    if (comments) {
                        comment(text, indent);
                    }
                }
                case Line.Setting(String key, Line.Value value, String note) -> {
                    out.append(indent).append(key).append(yaml ? ": " : " = ").append(text(value));
                    if (comments && !note.isEmpty()) {
                        out.append(" # ").append(Printable.of(note));
                    }
                    out.append('\n');
                }
            }
        }
    }

    private String text(Line.Value value) {
        return switch (value) {
            case Line.Value.Scalar(String written) -> written;
            case Line.Value.Table(Map<String, String> entries) ->
                    entries.entrySet().stream()
                            .map(e -> key(e.getKey()) + separator() + TomlText.quote(e.getValue()))
                            .collect(Collectors.joining(", ", "{", "}"));
            case Line.Value.Text(String lines) -> {
                // Between these quotes nothing has to be escaped; otherwise one line must do.
                boolean literal =
                        !yaml && !lines.contains("'''") && PLAIN_LINES.matcher(lines).matches();
                yield literal ? "'''\n" + lines + "'''" : TomlText.quote(lines);
            }
        };
    }

    private String separator() {
        return yaml ? ": " : " = ";
    }

    private String key(String name) {
        return !yaml && BARE_KEY.matcher(name).matches() ? name : TomlText.quote(name);
    }

    /** Breaks at blanks. */
    private void comment(String text, String indent) {
        out.append(indent).append('#');
        int column = 1;
        for (String word : Printable.of(text).split(" ")) {
            if (column > 1 && column + 1 + word.length() > COMMENT_COLUMNS) {
                out.append('\n').append(indent).append("#  ");
                column = 3;
            }
            if (!word.isEmpty() || column == 1) {
                out.append(word.isEmpty() ? "" : " ").append(word);
                column += 1 + word.length();
            }
        }
        out.append('\n');
    }
}
