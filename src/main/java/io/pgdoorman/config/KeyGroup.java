package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Keys of one topic, in the order they are declared. Threads: filled by the static initialiser of
 * the class that declares it, immutable from then on.
 */
final class KeyGroup {
    private final String title;
    private final List<Key<?>> keys = new ArrayList<>();

    KeyGroup(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    List<Key<?>> keys() {
        return Collections.unmodifiableList(keys);
    }

    /** Begins the declaration of a key; {@link Declaration#add} ends it. */
    <T> Declaration<T> key(String name, ValueType<T> type) {
        return new Declaration<>(name, type);
    }

    final class Declaration<T> {
        private final String name;
        private final ValueType<T> type;
        private Optional<T> defaultValue = Optional.empty();
        private String defaultText = "";
        private String example = "";
        private boolean required;
        private Optional<Key<T>> inherits = Optional.empty();
        private List<String> aliases = List.of();
        private String notInEffect = "";
        private ReloadClass reload = ReloadClass.RESTART;
        private BiConsumer<T, Key.Rule> check = (_, _) -> {};

        private Declaration(String name, ValueType<T> type) {
            this.name = name;
            this.type = type;
        }

        Declaration<T> byDefault(T value) {
            defaultValue = Optional.of(value);
            defaultText = type.toml(value);
            return this;
        }

        /**
         * For a default that is computed; {@code text} stands in the manual instead of the value.
         */
        Declaration<T> byDefault(T value, String text) {
            defaultValue = Optional.of(value);
            defaultText = text;
            return this;
        }

        /** What unset means. */
        Declaration<T> unset(String text) {
            defaultText = text;
            return this;
        }

        Declaration<T> required() {
            required = true;
            return this;
        }

        Declaration<T> inherits(Key<T> key) {
            inherits = Optional.of(key);
            return this;
        }

        Declaration<T> alias(String oldName) {
            aliases = List.of(oldName);
            return this;
        }

        /** The feature is not there yet. */
        Declaration<T> notInEffect() {
            return notInEffect("not in effect yet");
        }

        Declaration<T> notInEffect(String why) {
            notInEffect = why;
            return this;
        }

        Declaration<T> reload(ReloadClass when) {
            reload = when;
            return this;
        }

        Declaration<T> check(BiConsumer<T, Key.Rule> rule) {
            check = rule;
            return this;
        }

        Declaration<T> example(String toml) {
            example = toml;
            return this;
        }

        /** {@code doc} is Markdown, whole sentences, without the default and the type. */
        Key<T> add(String doc) {
            var key =
                    new Key<>(
                            name,
                            type,
                            defaultValue,
                            defaultText,
                            example,
                            required,
                            inherits,
                            aliases,
                            notInEffect,
                            reload,
                            check,
                            doc);
            keys.add(key);
            return key;
        }
    }
}
