package io.pgdoorman.session;

import io.pgdoorman.statement.Statement;
import io.pgdoorman.statement.StatementMemory;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
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
        SURE(3),
        /** Without a name, to the server's own unnamed statement. */
        PARSE_AS_IT_CAME(4);

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

    /** What a name stands for. */
    static final class Named {
        private final StatementName name;
        private final Statement statement;

        /** Its Parse has no reply yet. */
        private boolean inDoubt;

        private Named(StatementName name, Statement statement, boolean inDoubt) {
            this.name = name;
            this.statement = statement;
            this.inDoubt = inDoubt;
        }

        StatementName name() {
            return name;
        }

        Statement statement() {
            return statement;
        }

        boolean isInDoubt() {
            return inDoubt;
        }
    }

    private @Nullable Map<StatementName, Named> named;
    private @Nullable Statement unnamed;
    private @Nullable ArrayDeque<Change> sent;

    // ---- looking --------------------------------------------------------------------------------

    @Nullable Named get(StatementName name) {
        Map<StatementName, Named> map = named;
        return map == null ? null : map.get(name);
    }

    private @Nullable Statement statement(StatementName name) {
        Named one = get(name);
        return one == null ? null : one.statement;
    }

    /** Whether a Parse or Close of {@code name} has no reply yet. */
    boolean isOnItsWay(StatementName name) {
        return nextOf(name) != null;
    }

    @Nullable Statement unnamed() {
        return unnamed;
    }

    int size() {
        return named == null ? 0 : named.size();
    }

    /** Calls {@code action} for each that a name stands for, and the unnamed one. */
    void forEach(Consumer<? super Statement> action) {
        if (named != null) {
            named.values().forEach(one -> action.accept(one.statement));
        }
        if (unnamed != null) {
            action.accept(unnamed);
        }
    }

    /**
     * Whether the unnamed statement's Parse went to the server as it came, and has no reply yet:
     * what uses it goes as it comes too, for it fails if that does.
     */
    boolean isUnnamedInDoubt() {
        Change last = null;
        if (sent != null) {
            for (Change change : sent) {
                last = change.name == null && change.kind != Kind.SURE ? change : last;
            }
        }
        return last != null && last.kind == Kind.PARSE_AS_IT_CAME && last.after == unnamed;
    }

    /** All of them: what PostgreSQL has prepared of them is out of date. */
    void renewAll() {
        Map<StatementName, Named> map = named;
        if (map != null) {
            map.values().forEach(one -> one.statement.renew(one.statement.generation()));
        }
        if (unnamed != null) {
            unnamed.renew(unnamed.generation());
        }
    }

    // ---- what the client sends ------------------------------------------------------------------

    /** A Parse; {@code name} is kept. */
    void parse(StatementName name, Statement statement) {
        put(name, statement, true);
        note(new Change(Kind.PARSE, name, null, statement));
    }

    /** A Parse of a name that will be free when it is read. */
    void parseInPlace(StatementName name, Statement statement) {
        note(new Change(Kind.PARSE, name, statement(name), statement));
        put(name, statement, true);
    }

    /** A Parse of a name that is taken. */
    void parseAgain(StatementName name, Statement statement) {
        note(new Change(Kind.AGAIN, name, statement(name), statement));
    }

    void parseUnnamed(Statement statement, boolean asItCame) {
        note(new Change(asItCame ? Kind.PARSE_AS_IT_CAME : Kind.PARSE, null, unnamed, statement));
        setUnnamed(statement);
    }

    /** A Close; {@code name} is kept. */
    void close(StatementName name) {
        note(new Change(Kind.CLOSE, name, statement(name), null));
        remove(name);
    }

    void closeUnnamed() {
        note(new Change(Kind.CLOSE, null, unnamed, null));
        setUnnamed(null);
    }

    /** The oldest of those sent, which the pooler would have answered, fails. */
    void refuse() {
        if (sent != null && !sent.isEmpty()) {
            undo(sent.remove(), false);
            sent.addFirst(new Change(Kind.SURE, null, null, null));
        }
    }

    void deallocateAll() {
        note(new Change(Kind.SURE, null, null, null));
        clear();
    }

    /** A DEALLOCATE that is answered without a server. */
    void remove(StatementName name) {
        Named removed = named == null ? null : named.remove(name);
        if (removed != null) {
            StatementMemory.letGo(removed.statement);
        }
    }

    /** A simple query. */
    void forgetUnnamed() {
        Statement last = unnamed;
        setUnnamed(null);
        forget(last);
    }

    /** The client's own simple query takes all of them away. */
    void clear() {
        clearNamed();
        setUnnamed(null);
    }

    private void setUnnamed(@Nullable Statement next) {
        StatementMemory.letGoUnnamed(unnamed);
        unnamed = next;
        StatementMemory.holdUnnamed(next);
    }

    /** Of an unnamed one that was replaced: a server may still know it, but needs no text. */
    private void forget(@Nullable Statement replaced) {
        if (replaced != null && replaced != unnamed && (sent == null || sent.isEmpty())) {
            replaced.forgetDefinition();
        }
    }

    private void clearNamed() {
        if (named != null) {
            named.values().forEach(one -> StatementMemory.letGo(one.statement));
            named = null;
        }
    }

    /** The client has left. */
    void end() {
        if (named != null) {
            named.values().forEach(one -> one.statement.forgetDefinition());
        }
        if (unnamed != null) {
            unnamed.forgetDefinition();
        }
        clear();
    }

    /** The server has forgotten all that have a name, but those sent since, by its own word. */
    void gone() {
        clearNamed();
        if (sent != null) {
            for (Change change : sent) {
                StatementName name = change.name;
                if (name != null && change.kind == Kind.PARSE && change.after != null) {
                    put(name, change.after, true);
                } else if (name != null && change.kind == Kind.CLOSE) {
                    remove(name);
                }
            }
        }
    }

    private void put(StatementName name, Statement statement, boolean inDoubt) {
        if (named == null) {
            named = new HashMap<>(4);
        }
        remove(name); // the key is that of the value
        named.put(name, new Named(name, statement, inDoubt));
        StatementMemory.hold(statement);
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
        Statement after = change == null ? null : change.after;
        if (change != null && change.name == null) {
            forget(change.before);
        }
        if (change == null || after == null) {
            return;
        }
        after.count();
        StatementName name = change.name;
        if (name == null) {
            return;
        }
        Named one = get(name);
        if (change.kind == Kind.AGAIN) {
            put(name, after, false); // the one before it had failed
        } else if (one != null && one.statement == after) {
            one.inDoubt = false;
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
            case PARSE, PARSE_AS_IT_CAME, CLOSE -> {
                if (name == null) {
                    undoUnnamed(change, failed ? null : change.before);
                } else if (statement(name) == change.after) {
                    restore(name, change.before);
                }
            }
            case AGAIN -> {
                if (name != null) {
                    Named one = get(name);
                    if (one != null && one.inDoubt && one.statement == change.after) {
                        remove(name);
                    }
                }
            }
            case SURE -> {}
        }
    }

    /** What was sent later is still to come. */
    private void undoUnnamed(Change change, @Nullable Statement before) {
        ArrayDeque<Change> later = sent;
        boolean superseded = false;
        int count = later == null ? 0 : later.size();
        for (int i = 0; later != null && i < count; i++) {
            Change next = later.remove();
            boolean first =
                    !superseded
                            && next.name == null
                            && (next.kind == Kind.PARSE
                                    || next.kind == Kind.PARSE_AS_IT_CAME
                                    || next.kind == Kind.CLOSE);
            later.add(first ? new Change(next.kind, null, before, next.after) : next);
            superseded |= first;
        }
        if (!superseded && unnamed == change.after) {
            setUnnamed(before);
        }
    }

    private void restore(StatementName name, @Nullable Statement before) {
        Change next = nextOf(name);
        if (next != null && next.kind == Kind.AGAIN && next.after != null) {
            put(name, next.after, true); // its turn has come
        } else if (next != null && next.kind == Kind.CLOSE) {
            remove(name);
        } else if (before == null) {
            remove(name);
        } else {
            put(name, before, false);
        }
    }

    /** The oldest of those sent that is about {@code name}. */
    private @Nullable Change nextOf(StatementName name) {
        if (sent != null) {
            for (Change change : sent) {
                if (name.equals(change.name)) {
                    return change;
                }
            }
        }
        return null;
    }

    // ---- freeze ---------------------------------------------------------------------------------

    /** This object is of no use afterwards. */
    FrozenStatements freeze(List<FrozenStatements.Used> used) {
        boolean empty = named == null && unnamed == null && (sent == null || sent.isEmpty());
        if (empty && used.isEmpty()) {
            return FrozenStatements.EMPTY;
        }
        List<FrozenStatements.Named> names = new ArrayList<>();
        if (named != null) {
            named.forEach(
                    (name, one) ->
                            names.add(
                                    new FrozenStatements.Named(
                                            name.bytes(), one.statement, one.inDoubt)));
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
        var frozen = new FrozenStatements(names, unnamed, changes, used);
        clear();
        return frozen;
    }

    /**
     * Goes on.
     *
     * @param adopt what is used here in the place of a statement
     * @throws IllegalArgumentException a number in it is none
     */
    void restore(FrozenStatements frozen, UnaryOperator<Statement> adopt) {
        for (FrozenStatements.Named one : frozen.named()) {
            put(StatementName.of(one.name()), adopt.apply(one.statement()), one.inDoubt());
        }
        setUnnamed(adopted(frozen.unnamed(), adopt));
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
