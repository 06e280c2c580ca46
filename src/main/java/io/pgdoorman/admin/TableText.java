package io.pgdoorman.admin;

import io.pgdoorman.log.JsonText;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** A table with its rows as text, for people and for programs. Threads: no state. */
final class TableText {
    private TableText() {}

    /** Columns one below the other, numbers to the right, a line under the names. */
    static String aligned(Table table, List<List<@Nullable String>> rows) {
        List<@Nullable String> names = new ArrayList<>();
        table.columns().forEach(column -> names.add(column.name()));
        int[] widths = new int[names.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = table.columns().get(i).name().length();
            for (List<@Nullable String> row : rows) {
                widths[i] = Math.max(widths[i], shown(row.get(i)).length());
            }
        }
        var text = new StringBuilder();
        line(text, names, widths, table);
        text.append('\n');
        for (int i = 0; i < widths.length; i++) {
            text.append(i == 0 ? "" : "  ").repeat('-', widths[i]);
        }
        for (List<@Nullable String> row : rows) {
            text.append('\n');
            line(text, row, widths, table);
        }
        return text.toString().stripTrailing();
    }

    private static void line(
            StringBuilder text, List<@Nullable String> cells, int[] widths, Table table) {
        int begin = text.length();
        for (int i = 0; i < widths.length; i++) {
            String cell = shown(cells.get(i));
            text.append(i == 0 ? "" : "  ");
            int blanks = widths[i] - cell.length();
            if (table.columns().get(i).type() == Column.Type.TEXT) {
                text.append(cell).repeat(' ', blanks);
            } else {
                text.repeat(' ', blanks).append(cell);
            }
        }
        while (text.length() > begin && text.charAt(text.length() - 1) == ' ') {
            text.setLength(text.length() - 1);
        }
    }

    private static String shown(@Nullable String value) {
        return value == null ? "" : value.replaceAll("\\s+", " ");
    }

    /** An array with an object for each row; numbers are numbers, NULL is null. */
    static String json(Table table, List<List<@Nullable String>> rows) {
        List<String> objects = new ArrayList<>();
        for (List<@Nullable String> row : rows) {
            List<String> fields = new ArrayList<>();
            for (int i = 0; i < row.size(); i++) {
                Column column = table.columns().get(i);
                String value = row.get(i);
                String literal =
                        value == null || column.type() != Column.Type.TEXT
                                ? String.valueOf(value)
                                : JsonText.quoted(value);
                fields.add(JsonText.quoted(column.name()) + ":" + literal);
            }
            objects.add("{" + String.join(",", fields) + "}");
        }
        return "[" + String.join(",", objects) + "]";
    }
}
