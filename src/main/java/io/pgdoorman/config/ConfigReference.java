package io.pgdoorman.config;

import java.util.stream.Collectors;

/**
 * The reference of all settings as text, made from the table of keys: the list in the manual and
 * the example file.
 *
 * <p>Threads: any thread, because it has no state.
 */
public final class ConfigReference {
    private static final String EXAMPLE_POOL = "exampledb";
    private static final int TEXT_COLUMNS = 96;

    private ConfigReference() {}

    /** The settings by section, as Markdown. */
    public static String markdown() {
        var out = new StringBuilder();
        for (Section section : Schema.SECTIONS) {
            out.append("## `").append(heading(section)).append("`\n\n");
            if (!section.inEffect()) {
                out.append("*Not in effect yet.* ");
            }
            out.append(section.doc()).append("\n\n");
            for (KeyGroup group : section.groups()) {
                if (section.groups().size() > 1) {
                    out.append("### ").append(group.title()).append("\n\n");
                }
                group.keys().forEach(key -> markdown(out, section, key));
            }
        }
        return out.toString();
    }

    private static String heading(Section section) {
        return section.equals(Schema.USER) || section.equals(Schema.TLS_CERTIFICATE)
                ? "[[" + section.name() + "]]"
                : "[" + section.name() + "]";
    }

    private static void markdown(StringBuilder out, Section section, Key<?> key) {
        out.append("#### `").append(section.name()).append('.').append(key.name()).append("`\n\n");
        if (!key.notInEffect().isEmpty() && section.inEffect()) {
            String note = key.notInEffect();
            out.append('*')
                    .append(Character.toUpperCase(note.charAt(0)))
                    .append(note, 1, note.length())
                    .append(".* ");
        }
        out.append(key.doc()).append("\n\n");
        out.append("- Type: ").append(key.type().describe()).append('\n');
        out.append("- Default: ").append(defaultText(key)).append('\n');
        key.aliases().forEach(old -> out.append("- Old name: `").append(old).append("`\n"));
        if (key.reload() != ReloadClass.NONE) {
            out.append("- A change takes effect ").append(key.reload().text()).append(".\n");
        }
        out.append('\n');
    }

    private static String defaultText(Key<?> key) {
        if (key.required()) {
            return "none, the key is required";
        }
        if (key.inherits().isPresent()) {
            return "`" + fullName(key.inherits().get()) + "`";
        }
        if (key.defaultText().isEmpty()) {
            return "unset";
        }
        boolean literal =
                key.defaultValue().isPresent() && key.defaultText().equals(defaultToml(key));
        return literal ? "`" + key.defaultText() + "`" : key.defaultText();
    }

    private static String fullName(Key<?> key) {
        return Schema.SECTIONS.stream()
                .filter(section -> section.keys().anyMatch(key::equals))
                .map(section -> section.name() + "." + key.name())
                .findFirst()
                .orElseThrow();
    }

    /** A file with every key: the required ones set, all others as comments with their default. */
    public static String exampleToml() {
        var out = new StringBuilder();
        comment(out, "Settings of pg_doorman, all of them. docs/configuration.md is the manual.");
        comment(
                out,
                "A line that begins with # and a key shows the default, or an example where there"
                        + " is none.");
        out.append('\n');
        example(out, Schema.INCLUDE, "[include]", false);
        example(out, Schema.GENERAL, "[general]", true);
        example(out, Schema.TLS_CERTIFICATE, "[[general.tls_certificates]]", false);
        example(out, Schema.WEB, "[web]", false);
        example(out, Schema.TALOS, "[talos]", false);
        String pool = "pools." + EXAMPLE_POOL;
        example(out, Schema.POOL, "[" + pool + "]", true);
        example(out, Schema.USER, "[[" + pool + ".users]]", true);
        example(out, Schema.AUTH_QUERY, "[" + pool + ".auth_query]", false);
        return out.toString().stripTrailing() + "\n";
    }

    private static void example(StringBuilder out, Section section, String heading, boolean live) {
        comment(out, section.doc() + (section.inEffect() ? "" : " Not in effect yet."));
        out.append(live ? "" : "#").append(heading).append("\n\n");
        for (KeyGroup group : section.groups()) {
            if (section.groups().size() > 1) {
                out.append("# --- ").append(group.title()).append(" ---\n\n");
            }
            for (Key<?> key : group.keys()) {
                comment(out, key.doc());
                comment(out, facts(section, key));
                out.append(live && (key.required() || key.equals(UserKeys.PASSWORD)) ? "" : "#")
                        .append(key.name())
                        .append(" = ")
                        .append(exampleValue(key))
                        .append("\n\n");
            }
        }
    }

    private static String facts(Section section, Key<?> key) {
        var facts = new StringBuilder(capitalised(key.type().describe()));
        facts.append(". Default: ").append(defaultText(key)).append('.');
        if (section.inEffect() && !key.notInEffect().isEmpty()) {
            facts.append(' ').append(capitalised(key.notInEffect())).append('.');
        }
        return facts.toString();
    }

    private static String capitalised(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private static String exampleValue(Key<?> key) {
        if (!key.example().isEmpty()) {
            return key.example();
        }
        Key<?> source = key;
        while (source.defaultValue().isEmpty() && source.inherits().isPresent()) {
            source = source.inherits().get();
        }
        return defaultToml(source);
    }

    private static <T> String defaultToml(Key<T> key) {
        return key.defaultValue().map(key.type()::toml).orElse("");
    }

    /** Breaks at blanks; Markdown marks and link targets are left out. */
    private static void comment(StringBuilder out, String text) {
        String plain =
                text.replaceAll("\\[([^]]+)]\\(#[^)]*\\)", "\"$1\" in the manual").replace("`", "");
        out.append("#");
        int column = 1;
        for (String word : plain.split(" ")) {
            if (column + 1 + word.length() > TEXT_COLUMNS) {
                out.append("\n#");
                column = 1;
            }
            out.append(' ').append(word);
            column += 1 + word.length();
        }
        out.append('\n');
    }

    /** The names of all keys that do nothing yet, for the manual. */
    public static String notInEffect() {
        return Schema.SECTIONS.stream()
                .map(
                        section ->
                                section.inEffect()
                                        ? section.keys()
                                                .filter(key -> !key.notInEffect().isEmpty())
                                                .map(k -> "`" + section.name() + "." + k + "`")
                                                .collect(Collectors.joining(", "))
                                        : "the section `" + heading(section) + "`")
                .filter(names -> !names.isEmpty())
                .map(names -> "- " + names + "\n")
                .collect(Collectors.joining());
    }
}
