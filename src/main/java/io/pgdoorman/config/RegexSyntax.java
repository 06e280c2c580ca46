package io.pgdoorman.config;

import java.util.Set;

/**
 * Reads a regular expression of PostgreSQL and writes it as one of RE2. What the two would read
 * differently, or RE2 alone would take, is refused; what RE2 refuses by itself is left to it.
 *
 * <p>Threads: confined to one call.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS">Regular
 *     Expression Details</a>
 */
final class RegexSyntax {
    /** PostgreSQL's DUPMAX. */
    private static final int MAX_BOUND = 255;

    private static final int MAX_BOUND_DIGITS = 3;

    /** Letters after a backslash that mean the same to both. */
    private static final String SAME_ESCAPES = "dDwWafnrtv";

    private static final Set<String> CLASSES =
            Set.of(
                    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
                    "punct", "space", "upper", "word", "xdigit");

    /** How an expression uses its first group, which is what {@code \1} stands for. */
    enum Capture {
        /** There is no group. */
        NONE,
        /** The group is there at most once, wherever else the expression matches. */
        PLAIN,
        /** It is repeated, or within an alternative or another group. */
        NESTED,
        /** The name may have to begin after the group does, or end before that ends. */
        ANCHORED,
        /** Something is as short as possible, which changes what PostgreSQL prefers elsewhere. */
        LAZY
    }

    private final String regex;
    private final StringBuilder re2 = new StringBuilder();
    private int next;
    private int depth;
    private boolean afterAnchor;
    private boolean alternatives;
    private boolean anchored;
    private boolean lazy;
    private boolean repeated;

    /** In {@link #re2}: where the first group opens, and the depth of what is around it. */
    private int groupStart = -1;

    private int groupDepth;

    /** After its parenthesis, and a question mark that follows; -1 until then. */
    private int groupEnd = -1;

    private RegexSyntax(String regex) {
        this.regex = regex;
    }

    /**
     * Reads an expression.
     *
     * @throws IllegalArgumentException it cannot be read as PostgreSQL does; the message says why
     */
    static RegexSyntax of(String regex) {
        var syntax = new RegexSyntax(regex);
        syntax.read();
        return syntax;
    }

    /** For RE2. */
    String re2() {
        return re2.toString();
    }

    Capture capture() {
        if (groupStart < 0) {
            return Capture.NONE;
        }
        if (groupDepth > 0 || alternatives || repeated) {
            return Capture.NESTED;
        }
        if (anchored) {
            return Capture.ANCHORED;
        }
        return lazy ? Capture.LAZY : Capture.PLAIN;
    }

    /** What stands before the first group; its capture has to be {@link Capture#PLAIN}. */
    String beforeGroup() {
        return re2.substring(0, groupStart);
    }

    String group() {
        return re2.substring(groupStart, groupEnd);
    }

    String afterGroup() {
        return re2.substring(groupEnd);
    }

    private void read() {
        if (regex.startsWith("***")) {
            throw notSupported("***");
        }
        if (regex.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("has a character that no name can have");
        }
        while (next < regex.length()) {
            boolean nothing = afterAnchor;
            afterAnchor = false;
            char c = regex.charAt(next);
            switch (c) {
                case '\\' -> escape();
                case '[' -> bracket();
                case '(' -> open();
                case ')' -> close();
                case '|' -> {
                    alternatives |= depth == 0;
                    take(1);
                }
                case '^' -> begin(1);
                case '$' -> {
                    anchored |= groupEnd < 0;
                    afterAnchor = true;
                    take(1);
                }
                case '*', '+', '?' -> quantifier(nothing, 1);
                case '{' -> {
                    if (isDigit(next + 1)) {
                        quantifier(nothing, boundLength());
                    } else {
                        take(1);
                    }
                }
                default -> take(1);
            }
        }
    }

    // ---- parts ----------------------------------------------------------------------------------

    private void open() {
        if (regex.startsWith("(?", next)) {
            if (!regex.startsWith("(?:", next)) {
                String shown = regex.substring(next, Math.min(next + 3, regex.length()));
                throw new IllegalArgumentException(
                        shown + " is not supported; after (? comes a colon");
            }
            take(3);
        } else {
            if (groupStart < 0) {
                groupStart = re2.length();
                groupDepth = depth;
            }
            take(1);
        }
        depth++;
    }

    private void close() {
        depth--;
        take(1);
        if (groupStart >= 0 && groupEnd < 0 && depth == groupDepth) {
            groupEnd = re2.length();
        }
    }

    /** The beginning of the name. */
    private void begin(int length) {
        anchored |= groupStart >= 0;
        afterAnchor = true;
        take(length);
    }

    private void quantifier(boolean nothing, int length) {
        if (nothing) {
            throw new IllegalArgumentException(
                    "%s repeats nothing".formatted(regex.substring(next, next + length)));
        }
        if (re2.length() == groupEnd) {
            if (regex.charAt(next) == '?') {
                groupEnd++;
            } else {
                repeated = true;
            }
        }
        take(length);
        if (next < regex.length() && regex.charAt(next) == '?') {
            lazy = true;
            take(1);
        }
    }

    /**
     * Of <code>{m}</code>, <code>{m,}</code> or <code>{m,n}</code>. RE2 takes anything else for
     * text.
     */
    private int boundLength() {
        int end = regex.indexOf('}', next);
        String[] numbers = regex.substring(next + 1, Math.max(end, next + 1)).split(",", -1);
        boolean good = end >= 0 && numbers.length <= 2 && isBound(numbers[0]);
        if (good && numbers.length == 2 && !numbers[1].isEmpty()) {
            good =
                    isBound(numbers[1])
                            && Integer.parseInt(numbers[0]) <= Integer.parseInt(numbers[1]);
        }
        if (!good) {
            throw new IllegalArgumentException(
                    "{ and a digit begin a bound, {m}, {m,} or {m,n} with numbers up to %d; an expression with a comma has to be quoted"
                            .formatted(MAX_BOUND));
        }
        return end + 1 - next;
    }

    /** RE2 takes no leading zeros. */
    private static boolean isBound(String number) {
        return !number.isEmpty()
                && number.length() <= MAX_BOUND_DIGITS
                && number.chars().allMatch(c -> c >= '0' && c <= '9')
                && (number.length() == 1 || number.charAt(0) != '0')
                && Integer.parseInt(number) <= MAX_BOUND;
    }

    private void escape() {
        char c = next + 1 < regex.length() ? regex.charAt(next + 1) : '\\';
        switch (c) {
            case 's' -> replace("[[:space:]]"); // RE2's \s has no vertical tab
            case 'S' -> replace("[^[:space:]]");
            case 'A' -> begin(2);
            default -> takeEscape(c);
        }
    }

    private void bracket() {
        take(1);
        if (next < regex.length() && regex.charAt(next) == '^') {
            take(1);
        }
        boolean first = true;
        while (next < regex.length()) {
            char c = regex.charAt(next);
            if (c == ']' && !first) {
                take(1);
                return;
            }
            first = false;
            if (c == '\\') {
                escapeInBracket();
            } else if (c == '[') {
                bracketInBracket();
            } else {
                take(1);
            }
        }
    }

    private void escapeInBracket() {
        char c = next + 1 < regex.length() ? regex.charAt(next + 1) : '\\';
        switch (c) {
            case 's' -> replace("[:space:]");
            case 'S' -> replace("[:^space:]");
            default -> takeEscape(c);
        }
    }

    private void bracketInBracket() {
        char kind = next + 1 < regex.length() ? regex.charAt(next + 1) : ' ';
        if (kind == '.' || kind == '=') {
            throw notSupported("[" + kind);
        }
        if (kind != ':') {
            take(1);
            return;
        }
        int end = regex.indexOf(":]", next + 2);
        String name = end < 0 ? "" : regex.substring(next + 2, end);
        if (!CLASSES.contains(name)) {
            throw notSupported(end < 0 ? "[:" : "[:" + name + ":]");
        }
        take(end + 2 - next);
    }

    private void takeEscape(char c) {
        boolean word = c < 0x80 && Character.isLetterOrDigit(c);
        if (word && SAME_ESCAPES.indexOf(c) < 0) {
            throw notSupported("\\" + c);
        }
        take(Math.min(2, regex.length() - next));
    }

    private static IllegalArgumentException notSupported(String what) {
        return new IllegalArgumentException(what + " is not supported");
    }

    // ---- characters -----------------------------------------------------------------------------

    private boolean isDigit(int at) {
        return at < regex.length() && regex.charAt(at) >= '0' && regex.charAt(at) <= '9';
    }

    private void take(int length) {
        re2.append(regex, next, next + length);
        next += length;
    }

    /** In place of a backslash and a letter. */
    private void replace(String text) {
        re2.append(text);
        next += 2;
    }
}
