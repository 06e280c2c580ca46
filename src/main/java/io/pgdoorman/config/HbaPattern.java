package io.pgdoorman.config;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * A regular expression of a rule; it matches a name that has it anywhere. A client chooses the name
 * it is tried on, so the time it takes has to be linear: RE2 instead of {@code java.util.regex}.
 *
 * <p>Threads: immutable.
 */
record HbaPattern(Pattern pattern) {
    /**
     * Compiles what follows the slash.
     *
     * @throws IllegalArgumentException it is not understood; the message says why
     */
    static HbaPattern of(String regex) {
        String re2 = RegexSyntax.of(regex).re2();
        try {
            return new HbaPattern(Pattern.compile(re2, Pattern.DOTALL));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(e.getDescription(), e);
        }
    }

    boolean matches(String name) {
        return pattern.matcher(name).find();
    }
}
