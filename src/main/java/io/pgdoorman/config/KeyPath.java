package io.pgdoorman.config;

import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names of keys in messages, and which known one an unknown one resembles. */
final class KeyPath {
    private static final Pattern BARE = Pattern.compile("[A-Za-z0-9_-]+");
    private static final int SHOWN = 64;

    private KeyPath() {}

    /** Names with other than bare characters are quoted, as TOML does; long ones are cut. */
    static String join(String parent, String key) {
        String shown = key.length() > SHOWN ? key.substring(0, SHOWN) + "..." : key;
        String quoted = BARE.matcher(shown).matches() ? shown : TomlText.quote(shown);
        return parent.isEmpty() ? quoted : parent + "." + quoted;
    }

    /** The candidate with the fewest changed letters, if it is close enough to be meant. */
    static Optional<String> nearest(String name, Collection<String> candidates) {
        if (name.length() > SHOWN) {
            return Optional.empty();
        }
        String best = "";
        int least = Math.max(2, name.length() / 3) + 1;
        for (String candidate : candidates) {
            int distance = distance(name, candidate);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return best.isEmpty() ? Optional.empty() : Optional.of(best);
    }

    /** Levenshtein: letters to insert, drop or change. */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                current[j] =
                        Math.min(
                                Math.min(current[j - 1], previous[j]) + 1,
                                previous[j - 1] + change);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
