package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.util.IdentityHashMap;
import java.util.Optional;

/**
 * The values one table gave to the keys of a {@link Section}. Threads: confined to one load.
 *
 * <p>Never printed: it holds secrets.
 */
final class Values {
    private final Section section;
    private final String path;
    private final Node.Table source;
    private final @Nullable Values parent;
    private final IdentityHashMap<Key<?>, Given> given = new IdentityHashMap<>();

    private record Given(Object value, Node.Position position) {}

    Values(Section section, String path, Node.Table source, @Nullable Values parent) {
        this.section = section;
        this.path = path;
        this.source = source;
        this.parent = parent;
    }

    Section section() {
        return section;
    }

    /** As in messages, such as {@code pools.app}. */
    String path() {
        return path;
    }

    /** The table itself, for what is nested in it. */
    Node.Table source() {
        return source;
    }

    <T> void put(Key<T> key, T value, Node.Position position) {
        given.put(key, new Given(value, position));
    }

    /** What the table itself gives. */
    @SuppressWarnings("unchecked") // put() ties the value's type to the key's
    <T> Optional<T> own(Key<T> key) {
        Given found = given.get(key);
        return found == null ? Optional.empty() : Optional.of((T) found.value());
    }

    /**
     * What counts: the table's own value, the inherited one, or the default. Keys of the enclosing
     * section can be asked for, too.
     */
    <T> Optional<T> find(Key<T> key) {
        Optional<T> own = own(key);
        if (own.isPresent()) {
            return own;
        }
        if (parent == null) {
            return key.defaultValue();
        }
        if (section.keys().noneMatch(key::equals)) {
            return parent.find(key); // a key only the enclosing section has
        }
        return key.inherits().map(parent::find).orElseGet(key::defaultValue);
    }

    /** As {@link #find}, for keys that always have a value once the table has passed the checks. */
    <T> T get(Key<T> key) {
        return find(key)
                .orElseThrow(() -> new IllegalStateException(path + "." + key + " has no value"));
    }

    /** Where the value was written, or where the table begins. */
    Node.Position position(Key<?> key) {
        Given found = given.get(key);
        return found == null ? source.position() : found.position();
    }

    /** Where the value that counts comes from, for people. */
    String source(Key<?> key) {
        Given found = given.get(key);
        if (found != null) {
            return found.position().text();
        }
        Optional<? extends Key<?>> above = key.inherits();
        if (parent == null || above.isEmpty() || parent.find(above.get()).isEmpty()) {
            return "default";
        }
        return "%s, %s".formatted(parent.name(above.get()), parent.source(above.get()));
    }

    String name(Key<?> key) {
        return KeyPath.join(path, key.name());
    }
}
