package io.pgdoorman.admin;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * An answer with rows: at hand, or made while they are read. Threads: confined to whoever fills it,
 * then immutable by use.
 */
final class Table {
    private final List<Column> columns;
    private final List<@Nullable Object[]> rows = new ArrayList<>();

    /** Of rows that are made; null if they are at hand. */
    private final @Nullable Parts<@Nullable Object[]> parts;

    private Table(List<Column> columns, @Nullable Parts<@Nullable Object[]> parts) {
        this.columns = columns;
        this.parts = parts;
    }

    /**
     * A table without rows.
     *
     * @param columns names; one that ends in {@code :n} is numeric, in {@code :i} an int4
     */
    static Table of(String... columns) {
        return new Table(Arrays.stream(columns).map(Table::column).toList(), null);
    }

    /** A table of the same columns with rows that are made while they are read, which goes once. */
    Table made(Parts<@Nullable Object[]> from) {
        return new Table(columns, from);
    }

    private static Column column(String text) {
        if (text.endsWith(":n")) {
            return new Column(text.substring(0, text.length() - 2), Column.Type.NUMERIC);
        }
        if (text.endsWith(":i")) {
            return new Column(text.substring(0, text.length() - 2), Column.Type.INT4);
        }
        return new Column(text, Column.Type.TEXT);
    }

    List<Column> columns() {
        return columns;
    }

    Rows rows() {
        Parts<@Nullable Object[]> made = parts;
        return new Rows(made == null ? new AtHand() : made);
    }

    /** All of them in one part. */
    private final class AtHand implements Parts<@Nullable Object[]> {
        private boolean given;

        @Override
        public List<@Nullable Object[]> next() {
            List<@Nullable Object[]> part = given ? List.of() : rows;
            given = true;
            return part;
        }
    }

    /** Adds a row; null is NULL. */
    Table row(@Nullable Object... values) {
        if (values.length != columns.size()) {
            throw new IllegalArgumentException(
                    "%d values for %d columns".formatted(values.length, columns.size()));
        }
        rows.add(values);
        return this;
    }

    /** All rows as text. Of rows that are made while they are read only once. */
    List<List<@Nullable String>> texts() throws InterruptedException {
        List<List<@Nullable String>> all = new ArrayList<>();
        for (Rows left = rows(); left.hasNext(); ) {
            List<@Nullable String> row = new ArrayList<>(columns.size());
            for (Object value : left.next()) {
                row.add(Objects.toString(value, null));
            }
            all.add(row);
        }
        return all;
    }
}
