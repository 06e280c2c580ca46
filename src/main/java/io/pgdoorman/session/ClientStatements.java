package io.pgdoorman.session;

import io.pgdoorman.statement.Statement;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The prepared statements of one client under the names it gave them. Like the server's ({@link
 * io.pgdoorman.statement.ServerStatements}) it runs ahead: a name stands here from the moment its
 * Parse is read, and what then fails or is skipped is undone.
 *
 * <p>Threads: confined to the client's loop. Empty, it holds nothing.
 */
final class ClientStatements {
    /** What was sent. The codes are part of the handover's format. */
    private enum Kind {
        PARSE(0),
        /** Of a name that was taken. */
        AGAIN(1),
        CLOSE(2),
        /** Done whatever comes. */
        SURE(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        static Kind of(int code) {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("statements of a client: change " + code);
        }
    }

    /** {@code name} is null for the unnamed statement. */
    private record Change(
            Kind kind,
            @Nullable StatementName name,
            @Nullable Statement before,
            @Nullable Statement after) {}

    /** What a name stands for. Several names may stand for one statement. */
    private static final class Named {
        private final Statement statement;

        /** Grows with each use of any of them. */
        private long used;

        Named(Statement statement) {
            this.statement = statement;
        }
    }

    private @Nullable Map<StatementName, Named> named;
    private @Nullable Statement unnamed;
    private long unnamedUsed;
    private long uses;
    private @Nullable ArrayDeque<Change> sent;

    // ---- looking --------------------------------------------------------------------------------

    @Nullable Statement get(StatementName name) {
        Named found = named == null ? null : named.get(name);
        if (found == null) {
            return null;
        }
        found.used = ++uses;
        return found.statement;
    }

    /** As {@link #unnamed}, for a message that uses it. */
    @Nullable Statement useUnnamed() {
        unnamedUsed = ++uses;
        return unnamed;
    }

    @Nullable Statement unnamed() {
        return unnamed;
    }

    int size() {
        return named == null ? 0 : named.size();
    }

    /** The name under which {@code statement} was used last; null if that was without one. */
    @Nullable StatementName nameOf(Statement statement) {
        StatementName name = null;
        long latest = statement.equals(unnamed) ? unnamedUsed : -1;
        if (named != null) {
            for (Map.Entry<StatementName, Named> entry : named.entrySet()) {
                Named one = entry.getValue();
                if (one.statement.equals(statement) && one.used > latest) {
                    name = entry.getKey();
                    latest = one.used;
                }
            }
        }
        return name;
    }

    /** The name in the oldest message without a reply; null if it has none. */
    @Nullable StatementName oldestSent() {
        Change change = sent == null ? null : sent.peek();
        return change == null ? null : change.name;
    }

    /** All of them: what PostgreSQL has prepared of them is out of date. */
    void renewAll() {
        if (named != null) {
            named.values().forEach(one -> one.statement.renew(one.statement.generation()));
        }
        if (unnamed != null) {
            unnamed.renew(unnamed.generation());
        }
    }

    // ---- what the client sends ------------------------------------------------------------------

    /** A Parse; {@code name} is kept. */
    void parse(StatementName name, Statement statement) {
        put(name, statement);
        note(new Change(Kind.PARSE, name, null, statement));
    }

    /** A Parse of a name that is taken. */
    void parseAgain(StatementName name, Statement statement) {
        note(new Change(Kind.AGAIN, name, get(name), statement));
    }

    void parseUnnamed(Statement statement) {
        note(new Change(Kind.PARSE, null, unnamed, statement));
        unnamed = statement;
    }

    /** A Close; {@code name} is kept. */
    void close(StatementName name) {
        note(new Change(Kind.CLOSE, name, get(name), null));
        remove(name);
    }

    void closeUnnamed() {
        note(new Change(Kind.CLOSE, null, unnamed, null));
        unnamed = null;
    }

    /** A simple DEALLOCATE the pooler answers. */
    void deallocate(StatementName name) {
        note(new Change(Kind.SURE, null, null, null));
        remove(name);
    }

    void deallocateAll() {
        note(new Change(Kind.SURE, null, null, null));
        clear();
    }

    /** A DEALLOCATE that is answered without a server. */
    void remove(StatementName name) {
        if (named != null) {
            named.remove(name);
        }
    }

    /** A simple query. */
    void forgetUnnamed() {
        unnamed = null;
    }

    /** The server has forgotten all of them, by the client's own command. */
    void clear() {
        named = null;
        unnamed = null;
    }

    private void put(StatementName name, Statement statement) {
        if (named == null) {
            named = new HashMap<>(4);
        }
        var added = new Named(statement);
        added.used = ++uses;
        named.put(name, added);
    }

    private void note(Change change) {
        if (sent == null) {
            sent = new ArrayDeque<>(4);
        }
        sent.add(change);
    }

    // ---- what is answered -----------------------------------------------------------------------

    /** The oldest of those sent succeeded. */
    void confirmed() {
        Change change = sent == null ? null : sent.poll();
        if (change != null
                && change.kind == Kind.AGAIN
                && change.name != null
                && change.after != null) {
            put(change.name, change.after); // the one before it had failed
        }
    }

    /** The oldest {@code count} will not be answered; the first of them failed, or was skipped. */
    void undo(int count, boolean firstFailed) {
        ArrayDeque<Change> all = sent;
        List<Change> undone = new ArrayList<>(count);
        for (int i = 0; i < count && all != null && !all.isEmpty(); i++) {
            undone.add(all.remove());
        }
        for (int i = undone.size() - 1; i >= 0; i--) {
            undo(undone.get(i), i == 0 && firstFailed);
        }
    }

    private void undo(Change change, boolean failed) {
        StatementName name = change.name;
        switch (change.kind) {
            case PARSE, CLOSE -> {
                if (name == null) {
                    if (unnamed == change.after) {
                        unnamed = failed ? null : change.before;
                    }
                } else if (get(name) == change.after) {
                    restore(name, change.before);
                }
            }
            case AGAIN, SURE -> {}
        }
    }

    private void restore(StatementName name, @Nullable Statement before) {
        if (before == null) {
            remove(name);
        } else {
            put(name, before);
        }
    }

    // ---- freeze ---------------------------------------------------------------------------------

    FrozenStatements freeze() {
        if (named == null && unnamed == null && (sent == null || sent.isEmpty())) {
            return FrozenStatements.EMPTY;
        }
        List<FrozenStatements.Named> names = new ArrayList<>();
        if (named != null) {
            named.entrySet().stream()
                    .sorted(Comparator.comparingLong(entry -> entry.getValue().used))
                    .forEach(
                            entry ->
                                    names.add(
                                            new FrozenStatements.Named(
                                                    entry.getKey().bytes(),
                                                    entry.getValue().statement)));
        }
        List<FrozenStatements.Change> changes = new ArrayList<>();
        if (sent != null) {
            for (Change change : sent) {
                changes.add(
                        new FrozenStatements.Change(
                                change.kind.code,
                                change.name == null ? null : change.name.bytes(),
                                change.before,
                                change.after));
            }
        }
        return new FrozenStatements(names, unnamed, changes);
    }

    /**
     * Goes on.
     *
     * @param adopt what is used here in the place of a statement
     * @throws IllegalArgumentException a number in it is none
     */
    void restore(FrozenStatements frozen, UnaryOperator<Statement> adopt) {
        for (FrozenStatements.Named one : frozen.named()) {
            put(StatementName.of(one.name()), adopt.apply(one.statement()));
        }
        unnamed = adopted(frozen.unnamed(), adopt);
        for (FrozenStatements.Change change : frozen.sent()) {
            byte[] name = change.name();
            note(
                    new Change(
                            Kind.of(change.kind()),
                            name == null ? null : StatementName.of(name),
                            adopted(change.before(), adopt),
                            adopted(change.after(), adopt)));
        }
    }

    private static @Nullable Statement adopted(
            @Nullable Statement statement, UnaryOperator<Statement> adopt) {
        return statement == null ? null : adopt.apply(statement);
    }
}
