package io.pgdoorman.session;

/**
 * A statement without what is in it: literals become {@code ?}, comments go, runs of white space
 * become one blank. So it may be logged. Where the text could be read in two ways, it ends.
 *
 * <p>Threads: pure functions.
 */
final class StatementShape {
    /** Of a shape; what is longer is cut. */
    static final int MAX_LENGTH = 300;

    private static final String CUT = " ...";
    private static final String VALUE = "?";

    private final String text;
    private final StringBuilder shape = new StringBuilder();
    private int at;
    private boolean blank;

    private StatementShape(String text) {
        this.text = text;
    }

    /**
     * The shape of {@code text}.
     *
     * @param whole false if the text goes on
     */
    static String of(String text, boolean whole) {
        return new StatementShape(text).read(whole);
    }

    private String read(boolean whole) {
        boolean understood = true;
        while (understood && at < text.length() && shape.length() <= MAX_LENGTH) {
            understood = token();
        }
        if (shape.length() > MAX_LENGTH) {
            shape.setLength(MAX_LENGTH);
            return shape + CUT;
        }
        return understood && whole ? shape.toString() : shape + CUT;
    }

    /** False if nobody can tell what follows. */
    private boolean token() {
        char c = text.charAt(at);
        if (Character.isWhitespace(c) || Character.isISOControl(c)) {
            at++;
            blank = true;
        } else if (text.startsWith("--", at)) {
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
            blank = true;
        } else if (text.startsWith("/*", at)) {
            comment();
        } else if (c == '\'') {
            return string(false);
        } else if (c == '"') {
            quotedName();
        } else if (c == '$') {
            return dollar();
        } else if (isDigit(c) || (c == '.' && isDigit(charAt(at + 1)) && !endsWithName())) {
            skipWord();
            add(VALUE);
        } else if (isNameStart(c)) {
            return word();
        } else {
            at++;
            add(String.valueOf(c));
        }
        return true;
    }

    /** They nest. */
    private void comment() {
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
        blank = true;
    }

    /**
     * Behind a backslash a quote ends a string or does not, as {@code standard_conforming_strings}
     * has it, which is not known here.
     *
     * @param escapes whether a backslash surely escapes
     */
    private boolean string(boolean escapes) {
        add(VALUE);
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '\\' && escapes) {
                at++;
            } else if (c == '\\' && charAt(at) == '\'') {
                return false;
            } else if (c == '\\' && charAt(at) == '\\') {
                return false; // an even or an odd number of them
            } else if (c == '\'' && charAt(at) == '\'') {
                at++;
            } else if (c == '\'') {
                return true;
            }
        }
        return true; // the text ends within it
    }

    private void quotedName() {
        int begin = at++;
        while (at < text.length() && text.charAt(at) != '"') {
            at++;
        }
        at = Math.min(text.length(), at + 1);
        add(text.substring(begin, at).replaceAll("\\p{Cntrl}", " "));
    }

    /** A parameter, or a string in dollar quotes. */
    private boolean dollar() {
        int end = at + 1;
        while (isNamePart(charAt(end)) && charAt(end) != '$') {
            end++;
        }
        if (isDigit(charAt(at + 1))) {
            add(text.substring(at, end));
            at = end;
            return true;
        }
        add(VALUE);
        if (charAt(end) != '$') {
            at = text.length(); // its tag is cut, or this is no statement
            return false;
        }
        String tag = text.substring(at, end + 1);
        int close = text.indexOf(tag, end + 1);
        at = close < 0 ? text.length() : close + tag.length();
        return true;
    }

    /** A name or key word, or what tells the kind of a string: {@code E'...'}. */
    private boolean word() {
        int begin = at;
        skipWord();
        if (charAt(at) == '\'') {
            String prefix = text.substring(begin, at);
            if (prefix.equalsIgnoreCase("e")) {
                return string(true);
            }
        } else if (charAt(at) == '&' && charAt(at + 1) == '\'' && at - begin == 1) {
            at++;
            return string(false); // U&'...'
        }
        add(text.substring(begin, at));
        return true;
    }

    private void skipWord() {
        at++;
        while (isNamePart(charAt(at)) || (charAt(at) == '.' && isDigit(charAt(at + 1)))) {
            at++;
        }
    }

    private void add(String piece) {
        if (blank && !shape.isEmpty()) {
            shape.append(' ');
        }
        blank = false;
        shape.append(piece);
    }

    private boolean endsWithName() {
        return !blank && !shape.isEmpty() && isNamePart(shape.charAt(shape.length() - 1));
    }

    private char charAt(int index) {
        return index < text.length() ? text.charAt(index) : '\0';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isNameStart(char c) {
        return Character.isLetter(c) || c == '_' || c >= 0x80;
    }

    private static boolean isNamePart(char c) {
        return isNameStart(c) || isDigit(c) || c == '$';
    }
}
