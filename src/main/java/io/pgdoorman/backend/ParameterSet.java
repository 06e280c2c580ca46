package io.pgdoorman.backend;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Run-time parameters and their values, ordered by name. Serves two ends: the parameters PostgreSQL
 * reports (ParameterStatus) and the parameters of a startup packet (a <em>login profile</em>).
 *
 * <p>Names compare case-insensitively, as in PostgreSQL; the spelling first seen is kept. Two sets
 * with equal names and values are equal; {@link ParameterInterner} makes equal sets identical, so
 * that the hot path compares references.
 *
 * <p>Threads: immutable.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC">Asynchronous
 *     Operations</a>
 */
public final class ParameterSet {
    /** No parameter at all. */
    public static final ParameterSet EMPTY = new ParameterSet(new String[0], new String[0]);

    /** Reported, but no statement is read differently for it. */
    private static final Set<String> NOT_READ =
            Set.of(
                    "application_name",
                    "default_transaction_read_only",
                    "in_hot_standby",
                    "integer_datetimes",
                    "scram_iterations",
                    "server_version");

    private final String[] names;
    private final String[] values;
    private final int hash;
    private final int characters;

    /** Made when it is first asked for, perhaps more than once. */
    private @Nullable String statementContext;

    private ParameterSet(String[] names, String[] values) {
        this.names = names;
        this.values = values;
        int h = 0;
        int length = 0;
        for (int i = 0; i < names.length; i++) {
            h = 31 * h + 17 * lowerCaseHash(names[i]) + values[i].hashCode();
            length += names[i].length() + values[i].length();
        }
        this.hash = h;
        this.characters = length;
    }

    /** The parameters of {@code map}; of two spellings of one name the later entry wins. */
    public static ParameterSet of(Map<String, String> map) {
        TreeMap<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        sorted.putAll(map);
        return new ParameterSet(
                sorted.keySet().toArray(String[]::new), sorted.values().toArray(String[]::new));
    }

    public int size() {
        return names.length;
    }

    public String name(int index) {
        return names[index];
    }

    public String value(int index) {
        return values[index];
    }

    /** Length of all names and values, for memory limits. */
    int characters() {
        return characters;
    }

    /** The very same object: what interned sets are if they are equal. */
    @SuppressWarnings("ReferenceEquality") // the point of it
    public boolean isSame(ParameterSet other) {
        return this == other;
    }

    /** Those under which PostgreSQL may read a statement in another way, as one text. */
    public String statementContext() {
        String text = statementContext;
        if (text == null) {
            var all = new StringBuilder();
            for (int i = 0; i < names.length; i++) {
                if (!NOT_READ.contains(names[i])) {
                    all.append(names[i]).append('=').append(values[i]).append('\n');
                }
            }
            text = all.toString();
            statementContext = text;
        }
        return text;
    }

    /** The value of {@code name}, or null if it is not in the set. */
    public @Nullable String get(String name) {
        int i = indexOf(name);
        return i < 0 ? null : values[i];
    }

    /** This set with one value added or replaced; this set itself if it has that value already. */
    public ParameterSet with(String name, String value) {
        int i = indexOf(name);
        if (i >= 0) {
            if (values[i].equals(value)) {
                return this;
            }
            String[] changed = values.clone();
            changed[i] = value;
            return new ParameterSet(names, changed);
        }
        int at = -i - 1;
        String[] moreNames = Arrays.copyOf(names, names.length + 1);
        String[] moreValues = Arrays.copyOf(values, values.length + 1);
        System.arraycopy(names, at, moreNames, at + 1, names.length - at);
        System.arraycopy(values, at, moreValues, at + 1, values.length - at);
        moreNames[at] = name;
        moreValues[at] = value;
        return new ParameterSet(moreNames, moreValues);
    }

    /** The same as a map, in name order; a copy. */
    public Map<String, String> toMap() {
        Map<String, String> map = LinkedHashMap.newLinkedHashMap(names.length);
        for (int i = 0; i < names.length; i++) {
            map.put(names[i], values[i]);
        }
        return map;
    }

    private int indexOf(String name) {
        return Arrays.binarySearch(names, name, String.CASE_INSENSITIVE_ORDER);
    }

    private static int lowerCaseHash(String name) {
        int h = 0;
        for (int i = 0; i < name.length(); i++) {
            h = 31 * h + Character.toLowerCase(name.charAt(i));
        }
        return h;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (this == other) {
            return true;
        }
        if (!(other instanceof ParameterSet that)
                || that.hash != hash
                || that.names.length != names.length
                || !Arrays.equals(values, that.values)) {
            return false;
        }
        for (int i = 0; i < names.length; i++) {
            if (!names[i].equalsIgnoreCase(that.names[i])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** Names and values: parameters are no secrets, but they are an application's own text. */
    @Override
    public String toString() {
        return toMap().toString();
    }
}
