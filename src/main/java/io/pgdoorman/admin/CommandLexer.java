package io.pgdoorman.admin;

import io.pgdoorman.wire.SqlState;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the text of a message as commands: words, quoted names and strings, {@code =} and {@code ,}
 * for themselves, comments of both kinds, {@code ;} between commands.
 *
 * <p>Threads: confined to one call.
 */
final class CommandLexer {
    /**
     * A word.
     *
     * @param text without its quotes
     * @param quoted it is a name or a value, never a keyword
     */
    record Word(String text, boolean quoted) {
        boolean is(String keyword) {
            return !quoted && text.equalsIgnoreCase(keyword);
        }
    }

    private final String text;
    private int at;

    private CommandLexer(String text) {
        this.text = text;
    }

    /**
     * The commands in {@code text}; empty ones are left out.
     *
     * @throws ConsoleException a quote or comment does not end
     */
    static List<List<Word>> commands(String text) throws ConsoleException {
        return new CommandLexer(text).read();
    }

    private List<List<Word>> read() throws ConsoleException {
        List<List<Word>> commands = new ArrayList<>();
        List<Word> words = new ArrayList<>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (Character.isWhitespace(c)) {
                at++;
            } else if (text.startsWith("--", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (text.startsWith("/*", at)) {
                skipComment();
            } else if (c == ';') {
                at++;
                end(words, commands);
            } else if (c == '\'' || c == '"') {
                words.add(new Word(quoted(c), true));
            } else if (c == '=' || c == ',') {
                at++;
                words.add(new Word(String.valueOf(c), false));
            } else {
                words.add(new Word(plain(), false));
            }
        }
        end(words, commands);
        return commands;
    }

    private static void end(List<Word> words, List<List<Word>> commands) {
        if (!words.isEmpty()) {
            commands.add(List.copyOf(words));
            words.clear();
        }
    }

    private void skipComment() throws ConsoleException {
        int depth = 0;
        do {
            if (text.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (text.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else {
                at++;
            }
        } while (depth > 0 && at < text.length());
        if (depth > 0) {
            throw new ConsoleException(SqlState.SYNTAX_ERROR, "unterminated /* comment", "");
        }
    }

    private String quoted(char quote) throws ConsoleException {
        var value = new StringBuilder();
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c != quote) {
                value.append(c);
            } else if (at < text.length() && text.charAt(at) == quote) {
                value.append(quote);
                at++;
            } else {
                return value.toString();
            }
        }
        throw new ConsoleException(
                SqlState.SYNTAX_ERROR,
                quote == '"' ? "unterminated quoted identifier" : "unterminated quoted string",
                "");
    }

    private String plain() {
        int begin = at;
        while (at < text.length()
                && !Character.isWhitespace(text.charAt(at))
                && ";'\"=,".indexOf(text.charAt(at)) < 0
                && !text.startsWith("--", at)
                && !text.startsWith("/*", at)) {
            at++;
        }
        return text.substring(begin, at);
    }
}
