package io.pgdoorman.config;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;

import java.util.Optional;

/**
 * What the first group of an expression captures, as PostgreSQL captures it: of all ways to match
 * the longest text from its first place on, the one where what stands before the group is longest,
 * and then the group. RE2 would take the first alternative that fits, also with its longest match.
 *
 * <p>RE2 is asked about marked texts: with a character that no name has where the group may begin
 * and end, in the text and in the expression, it can but say whether it does. So a text is matched
 * at most twice as often as it has characters.
 *
 * <p>Threads: immutable.
 *
 * @param whole the expression
 * @param begun with a mark before the group
 * @param ended with a mark before and one after it
 */
record FirstGroup(Pattern whole, Pattern begun, Pattern ended) {
    /** Of the text; longer ones have no capture. A name of a user in PostgreSQL has 63 bytes. */
    static final int MAX_CHARACTERS = 512;

    private static final char MARK = '\0';
    private static final String MARKED = "\\x00";

    /**
     * Prepares an expression that {@link HbaPattern#of} has taken.
     *
     * @throws IllegalArgumentException it is not known what PostgreSQL would capture; the message
     *     says why
     */
    static FirstGroup of(String regex) {
        RegexSyntax syntax = RegexSyntax.of(regex);
        switch (syntax.capture()) {
            case NONE -> throw new IllegalArgumentException("captures nothing");
            case NESTED ->
                    throw new IllegalArgumentException(
                            "the first group is repeated, or within an alternative or another group");
            case ANCHORED ->
                    throw new IllegalArgumentException(
                            "^ has to stand before the first group, and $ after it");
            case LAZY ->
                    throw new IllegalArgumentException(
                            "*?, +?, ?? and {m,n}? are not supported where something is captured");
            case PLAIN -> {}
        }
        return new FirstGroup(
                compile(syntax.re2()),
                compile(syntax.beforeGroup() + MARKED + syntax.group() + syntax.afterGroup()),
                compile(
                        syntax.beforeGroup()
                                + MARKED
                                + syntax.group()
                                + MARKED
                                + syntax.afterGroup()));
    }

    private static Pattern compile(String re2) {
        return Pattern.compile(re2, Pattern.DOTALL | Pattern.LONGEST_MATCH);
    }

    /** Empty if the text does not match, or the group has no part in it. */
    Optional<String> captured(String text) {
        if (text.length() > MAX_CHARACTERS || text.indexOf(MARK) >= 0) {
            return Optional.empty();
        }
        Matcher match = whole.matcher(text);
        if (!match.find()) {
            return Optional.empty();
        }
        int start = match.start();
        int end = match.end();
        int from = end;
        while (from > start && !beginsAt(text, start, end, from)) {
            from--;
        }
        String marked = marked(text, from);
        for (int to = end; to >= from; to--) {
            Matcher both = ended.matcher(marked(marked, to + 1));
            if (!isInsideCharacter(text, to) && covers(both, start, end + 2)) {
                return Optional.ofNullable(both.group(1));
            }
        }
        return Optional.empty();
    }

    private boolean beginsAt(String text, int start, int end, int from) {
        return !isInsideCharacter(text, from)
                && covers(begun.matcher(marked(text, from)), start, end + 1);
    }

    private static boolean isInsideCharacter(String text, int at) {
        return at > 0
                && at < text.length()
                && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
    }

    private static boolean covers(Matcher match, int start, int end) {
        return match.find(start) && match.start() == start && match.end() == end;
    }

    private static String marked(String text, int at) {
        return text.substring(0, at) + MARK + text.substring(at);
    }
}
