package io.pgdoorman.statement;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What one server has prepared, under which names, the longest unused first. It runs ahead of the
 * server: a statement stands here from the moment its Parse is sent. So each Parse and Close is
 * noted, in order, until its reply has come; what fails or is skipped is undone.
 *
 * <pre>
 *   client        server's name
 *   "S_1"  ──┐
 *   "stmt" ──┼─► Statement ──► "DOORMAN_7"
 *   ""     ──┘        └──────► the server's own unnamed statement, while nobody else has parsed it
 * </pre>
 *
 * <p>Threads: confined to the server's loop.
 */
public final class ServerStatements {
    /** Of the texts of what one server has; with more, the longest unused are closed. */
    private static final int MAX_BYTES = 8 << 20;

    /** Beginning of all names this program gives. */
    public static final String PREFIX = "DOORMAN_";

    /** What became of a message. */
    public enum Outcome {
        CONFIRMED,
        FAILED,
        /** Behind a failure of the same batch: the server has not looked at it. */
        SKIPPED
    }

    /** A statement under its name on this server. */
    public static final class Entry {
        private final Statement statement;
        private final byte[] name;
        private final int generation;
        private final int batch;
        private boolean confirmed;

        private Entry(Statement statement, byte[] name, int generation, int batch) {
            this.statement = statement;
            this.name = name;
            this.generation = generation;
            this.batch = batch;
        }

        public Statement statement() {
            return statement;
        }

        /** Without its final NUL; not to be changed. */
        public byte[] name() {
            return name;
        }
    }

    /** What was sent. The codes are part of the handover's format. */
    private enum Kind {
        PARSE(0),
        /** The client's second Parse of a name: has to fail. */
        AGAIN(1),
        CLOSE(2),
        UNNAMED(3),
        CLOSE_UNNAMED(4);

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
            throw new IllegalArgumentException("statements of a server: change " + code);
        }
    }

    /** One that was sent. */
    private static final class Change {
        private final Kind kind;
        private final @Nullable Entry entry;
        private final @Nullable Entry old;

        /** What the unnamed statement is if this does not happen. */
        private @Nullable Statement before;

        Change(Kind kind, @Nullable Entry entry, @Nullable Statement before, @Nullable Entry old) {
            this.kind = kind;
            this.entry = entry;
            this.before = before;
            this.old = old;
        }

        boolean isOfUnnamed() {
            return kind == Kind.UNNAMED || kind == Kind.CLOSE_UNNAMED;
        }
    }

    private final LinkedHashMap<Statement, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private final ArrayDeque<Change> sent = new ArrayDeque<>();
    private long bytes;

    /** Entries that are no longer used, but that the server has; closed with the next Parse. */
    private final ArrayDeque<Entry> orphans = new ArrayDeque<>();

    /** What the unnamed statement will be if all that was sent succeeds. */
    private @Nullable Statement unnamed;

    /** Changes of it that have no reply yet, and the batch the last one belongs to. */
    private int unnamedSent;

    private int unnamedBatch;
    private int batch;
    private int epoch;
    private boolean mayBeGone;

    // ---- looking --------------------------------------------------------------------------------

    /**
     * Where the server has {@code statement}, which thereby becomes the last to go; null if it has
     * to be prepared, again or for the first time.
     */
    public @Nullable Entry use(Statement statement) {
        Entry entry = entries.get(statement);
        if (entry == null) {
            return null;
        }
        boolean sure = entry.confirmed || entry.batch == batch;
        return sure && entry.generation == statement.generation() ? entry : null;
    }

    /**
     * What was sent of {@code statement}, if nobody knows yet whether the server took it; null if
     * there is no such thing.
     */
    public @Nullable Entry inDoubt(Statement statement) {
        Entry entry = entries.get(statement);
        return entry == null || entry.confirmed ? null : entry;
    }

    /** Whether this will be the server's unnamed statement when it reads what is sent next. */
    public boolean isUnnamed(Statement statement) {
        return statement.equals(unnamed) && isUnnamedSure();
    }

    /** Whether it will be if all that was sent succeeds. */
    public boolean isLastUnnamed(Statement statement) {
        return statement.equals(unnamed);
    }

    /** Whether the server may have an unnamed statement when it reads what is sent next. */
    public boolean mayHaveUnnamed() {
        return unnamed != null || !isUnnamedSure();
    }

    /** What an earlier batch does to it may yet fail. */
    private boolean isUnnamedSure() {
        return unnamedSent == 0 || unnamedBatch == batch;
    }

    public int size() {
        return entries.size();
    }

    public boolean isEmpty() {
        return entries.isEmpty() && orphans.isEmpty();
    }

    // ---- what is sent ---------------------------------------------------------------------------

    /** A Sync or a Query is sent: what comes behind it succeeds or fails on its own. */
    public void nextBatch() {
        batch++;
    }

    /**
     * What has to be closed before another statement is prepared; null if nothing has.
     *
     * @param most statements the server may have then, but for those of which nobody knows yet
     *     whether it has them
     */
    public @Nullable Entry toClose(int most) {
        Entry orphan = orphans.poll();
        if (orphan == null && isFull(most)) {
            orphan = removeEldest();
        }
        if (orphan != null) {
            sent.add(new Change(Kind.CLOSE, orphan, null, null));
        }
        return orphan;
    }

    private boolean isFull(int most) {
        return entries.size() >= Math.max(1, most) || (bytes > MAX_BYTES && entries.size() > 1);
    }

    /**
     * One to be closed, because servers keep too much in all; null if they do not, or there is none
     * that can be.
     */
    public @Nullable Entry toCloseForMemory() {
        Entry eldest = StatementMemory.isCrowded() && entries.size() > 1 ? removeEldest() : null;
        if (eldest != null) {
            sent.add(new Change(Kind.CLOSE, eldest, null, null));
        }
        return eldest;
    }

    private void keep(int more, long moreBytes) {
        bytes += moreBytes;
        StatementMemory.keep(more, moreBytes);
    }

    /** Keeps none any more: the server is closed, or has forgotten them. */
    public void release() {
        keep(-entries.size(), -bytes);
        entries.clear();
    }

    /** Returns the one in whose place it is; null if there was none. */
    private @Nullable Entry enter(Entry entry) {
        Entry before = entries.put(entry.statement, entry);
        if (before == null) {
            keep(1, entry.statement.sizeBytes());
        }
        return before;
    }

    private void leave(Entry entry) {
        if (entries.remove(entry.statement, entry)) {
            keep(-1, -entry.statement.sizeBytes());
        }
    }

    /** One whose Parse is not answered stays: a client may still refer to it. */
    private @Nullable Entry removeEldest() {
        for (Iterator<Entry> eldest = entries.values().iterator(); eldest.hasNext(); ) {
            Entry entry = eldest.next();
            if (entry.confirmed) {
                eldest.remove();
                keep(-1, -entry.statement.sizeBytes());
                return entry;
            }
        }
        return null;
    }

    /** A Parse of {@code statement} is sent, under the name that is returned. */
    public Entry prepare(Statement statement) {
        Entry old = entries.get(statement);
        if (old != null) {
            leave(old);
            epoch++; // its name may be taken
            orphans.add(old);
        }
        String name = PREFIX + statement.number() + (epoch == 0 ? "" : "_" + epoch);
        var entry =
                new Entry(
                        statement,
                        name.getBytes(StandardCharsets.US_ASCII),
                        statement.generation(),
                        batch);
        enter(entry);
        sent.add(new Change(Kind.PARSE, entry, null, null));
        return entry;
    }

    /** A Close of this one is sent, and a Parse of the same under the same name. */
    public void renew(Entry old) {
        Statement statement = old.statement;
        var entry = new Entry(statement, old.name, statement.generation(), batch);
        enter(entry);
        sent.add(new Change(Kind.CLOSE, old, null, null));
        sent.add(new Change(Kind.PARSE, entry, null, null));
    }

    /**
     * A Parse of {@code statement} under the name of {@code old} is sent, which fails unless the
     * server does not have that after all.
     */
    public void prepareAgain(Statement statement, Entry old) {
        var entry = new Entry(statement, old.name, statement.generation(), batch);
        sent.add(new Change(Kind.AGAIN, entry, null, old));
        epoch++; // the name may stand for this one now
    }

    /** A Parse without a name is sent. */
    public void prepareUnnamed(Statement statement) {
        sendUnnamed(Kind.UNNAMED, statement);
    }

    /** A Close of the unnamed statement is sent. */
    public void closeUnnamed() {
        sendUnnamed(Kind.CLOSE_UNNAMED, null);
    }

    private void sendUnnamed(Kind kind, @Nullable Statement statement) {
        sent.add(new Change(kind, null, unnamed, null));
        unnamed = statement;
        unnamedSent++;
        unnamedBatch = batch;
    }

    /** A simple query is sent. */
    public void forgetUnnamed() {
        unnamed = null;
        if (unnamedSent > 0) {
            for (Change change : sent) {
                change.before = null;
            }
        }
    }

    /** A command is sent that takes everything away if it succeeds. */
    public void doubt() {
        mayBeGone = true;
    }

    /** Whether a command on its way may take everything away. */
    public boolean mayBeGone() {
        return mayBeGone;
    }

    /** All that was sent is answered. */
    public void settle() {
        mayBeGone = false;
    }

    /** The server has forgotten everything but what was sent since, by its own word. */
    public void gone() {
        mayBeGone = false;
        release();
        orphans.clear();
        for (Change change : sent) {
            Entry entry = change.entry;
            if (change.kind == Kind.PARSE && entry != null) {
                enter(entry);
            } else if (change.kind == Kind.CLOSE && entry != null) {
                leave(entry);
            }
        }
    }

    /** What is sent takes them away: what is sent next finds none. */
    public void forget() {
        release();
        orphans.clear();
        unnamed = null;
        epoch++;
    }

    /** A DEALLOCATE of this one is sent. */
    public void deallocate(Entry entry) {
        leave(entry);
        sent.add(new Change(Kind.CLOSE, entry, null, null));
        epoch++;
    }

    // ---- what is answered -----------------------------------------------------------------------

    /** The oldest of those sent succeeded. */
    public void confirmed() {
        Change change = sent.poll();
        if (change != null && change.isOfUnnamed()) {
            unnamedSent--;
        }
        Entry entry = change == null ? null : change.entry;
        if (change == null || entry == null) {
            return;
        }
        switch (change.kind) {
            case PARSE -> entry.confirmed = true;
            case AGAIN -> {
                entry.confirmed = true;
                if (change.old != null) {
                    leave(change.old);
                }
                if (isClosed(entry)) {
                    return;
                }
                Entry other = enter(entry);
                if (other != null && !Arrays.equals(other.name, entry.name)) {
                    orphans.add(other);
                }
            }
            case CLOSE, UNNAMED, CLOSE_UNNAMED -> {}
        }
    }

    /**
     * The oldest {@code count} of those sent will not be answered.
     *
     * @param firstFailed the oldest of them failed; the others were skipped
     */
    public void undo(int count, boolean firstFailed) {
        List<Change> undone = new ArrayList<>(count);
        for (int i = 0; i < count && !sent.isEmpty(); i++) {
            undone.add(sent.remove());
        }
        for (int i = undone.size() - 1; i >= 0; i--) {
            undo(undone.get(i), i == 0 && firstFailed);
        }
    }

    private void undo(Change change, boolean failed) {
        Entry entry = change.entry;
        switch (change.kind) {
            case PARSE -> {
                if (entry != null) {
                    leave(entry);
                    orphans.remove(entry);
                    takeOver(entry);
                }
            }
            case CLOSE -> {
                if (entry != null) {
                    orphans.add(entry);
                }
            }
            case UNNAMED, CLOSE_UNNAMED -> {
                unnamedSent--;
                undoUnnamed(failed ? null : change.before);
            }
            case AGAIN -> {
                if (entry != null) {
                    leave(entry);
                }
            }
        }
    }

    /** Whether a Close of its name is on its way. */
    private boolean isClosed(Entry entry) {
        for (Change change : sent) {
            Entry closed = change.entry;
            if (change.kind == Kind.CLOSE
                    && closed != null
                    && Arrays.equals(closed.name, entry.name)) {
                return true;
            }
        }
        return false;
    }

    /** The name of {@code failed} goes to the next that was sent under it. */
    private void takeOver(Entry failed) {
        for (Change change : sent) {
            Entry entry = change.entry;
            if (change.kind == Kind.AGAIN
                    && entry != null
                    && Arrays.equals(entry.name, failed.name)) {
                enter(entry);
                return;
            }
        }
    }

    /** What was sent later is still to come. */
    private void undoUnnamed(@Nullable Statement before) {
        for (Change later : sent) {
            if (later.isOfUnnamed()) {
                later.before = before;
                return;
            }
        }
        unnamed = before;
    }

    // ---- freeze ---------------------------------------------------------------------------------

    /**
     * All of it as data.
     *
     * @param entries those in use, the longest unused first; then those to be closed; then others
     *     the changes speak of
     * @param used how many of them are in use
     * @param orphans how many of them are to be closed
     * @param sent what has no reply yet
     * @param epoch makes names differ from those that may still be taken
     * @param mayBeGone a command on its way may take everything away
     */
    public record Frozen(
            List<FrozenEntry> entries,
            int used,
            int orphans,
            List<FrozenChange> sent,
            @Nullable Statement unnamed,
            int epoch,
            boolean mayBeGone) {
        /** Of a server on which nothing was prepared. */
        public static final Frozen EMPTY = new Frozen(List.of(), 0, 0, List.of(), null, 0, false);
    }

    /**
     * An entry.
     *
     * @param current of the statement's present generation
     * @param thisBatch sent with the batch that is not over yet
     */
    public record FrozenEntry(
            Statement statement,
            byte[] name,
            boolean current,
            boolean thisBatch,
            boolean confirmed) {}

    /**
     * A change.
     *
     * @param kind a number
     * @param entry number of the entry, from 0; -1 is none
     * @param before the unnamed statement before it
     * @param old number of the entry whose name it shares, from 0; -1 is none
     */
    public record FrozenChange(int kind, int entry, @Nullable Statement before, int old) {}

    public Frozen freeze() {
        if (isEmpty() && sent.isEmpty() && unnamed == null && epoch == 0 && !mayBeGone) {
            return Frozen.EMPTY;
        }
        List<Entry> all = new ArrayList<>(entries.values());
        all.addAll(orphans);
        List<FrozenChange> changes = new ArrayList<>();
        for (Change change : sent) {
            changes.add(
                    new FrozenChange(
                            change.kind.code,
                            numberOf(change.entry, all),
                            change.before,
                            numberOf(change.old, all)));
        }
        List<FrozenEntry> frozen =
                all.stream()
                        .map(
                                entry ->
                                        new FrozenEntry(
                                                entry.statement,
                                                entry.name,
                                                entry.generation == entry.statement.generation(),
                                                entry.batch == batch,
                                                entry.confirmed))
                        .toList();
        return new Frozen(
                frozen, entries.size(), orphans.size(), changes, unnamed, epoch, mayBeGone);
    }

    private static int numberOf(@Nullable Entry entry, List<Entry> all) {
        if (entry == null) {
            return -1;
        }
        int number = all.indexOf(entry);
        if (number < 0) {
            all.add(entry);
            return all.size() - 1;
        }
        return number;
    }

    /**
     * Goes on.
     *
     * @param adopt what is used here in the place of a statement
     * @throws IllegalArgumentException a number in it is none
     */
    public static ServerStatements thaw(Frozen frozen, UnaryOperator<Statement> adopt) {
        var thawed = new ServerStatements();
        List<Entry> all = new ArrayList<>();
        for (FrozenEntry one : frozen.entries()) {
            Statement statement = adopt.apply(one.statement());
            int generation = statement.generation() - (one.current() ? 0 : 1);
            var entry = new Entry(statement, one.name(), generation, one.thisBatch() ? 0 : -1);
            entry.confirmed = one.confirmed();
            all.add(entry);
        }
        int used = frozen.used();
        int closed = frozen.orphans();
        if (used < 0 || closed < 0 || used > all.size() || closed > all.size() - used) {
            throw new IllegalArgumentException("statements of a server: too few");
        }
        for (int i = 0; i < frozen.used(); i++) {
            Entry same = thawed.enter(all.get(i));
            if (same != null) {
                thawed.orphans.add(same);
            }
        }
        for (int i = 0; i < frozen.orphans(); i++) {
            thawed.orphans.add(all.get(frozen.used() + i));
        }
        for (FrozenChange change : frozen.sent()) {
            thawed.sent.add(
                    new Change(
                            Kind.of(change.kind()),
                            at(change.entry(), all),
                            adopted(change.before(), adopt),
                            at(change.old(), all)));
        }
        for (Change change : thawed.sent) {
            thawed.unnamedSent += change.isOfUnnamed() ? 1 : 0;
        }
        thawed.unnamedBatch = -1; // perhaps of this batch: then it is prepared once more
        thawed.unnamed = adopted(frozen.unnamed(), adopt);
        thawed.epoch = frozen.epoch();
        thawed.mayBeGone = frozen.mayBeGone();
        return thawed;
    }

    private static @Nullable Statement adopted(
            @Nullable Statement statement, UnaryOperator<Statement> adopt) {
        return statement == null ? null : adopt.apply(statement);
    }

    private static @Nullable Entry at(int number, List<Entry> all) {
        if (number == -1) {
            return null;
        }
        if (number < 0 || number >= all.size()) {
            throw new IllegalArgumentException("statements of a server: entry " + number);
        }
        return all.get(number);
    }
}
