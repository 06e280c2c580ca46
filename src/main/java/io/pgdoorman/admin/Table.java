package io.pgdoorman.admin;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An answer with rows. Threads: confined to whoever fills it, then immutable by use. */
final class Table {
    private final List<Column> columns;
    private final List<List<@Nullable String>> rows = new ArrayList<>();

    private Table(List<Column> columns) {
        this.columns = columns;
    }

    /**
     * A table without rows.
     *
     * @param columns names; one that ends in {@code :n} is numeric, in {@code :i} an int4
     */
    static Table of(String... columns) {
        return new Table(Arrays.stream(columns).map(Table::column).toList());
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

    List<List<@Nullable String>> rows() {
        return rows;
    }

    /** Adds a row; null is NULL. */
    Table row(@Nullable Object... values) {
        if (values.length != columns.size()) {
            throw new IllegalArgumentException(
                    "%d values for %d columns".formatted(values.length, columns.size()));
        }
        List<@Nullable String> row = new ArrayList<>(values.length);
        for (Object value : values) {
            row.add(value == null ? null : value.toString());
        }
        rows.add(row);
        return this;
    }
}
