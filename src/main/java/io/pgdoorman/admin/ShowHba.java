package io.pgdoorman.admin;

import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * SHOW HBA: the columns of PostgreSQL's pg_hba_file_rules, and how many connections each line has
 * decided. Threads: no state.
 */
final class ShowHba {
    private ShowHba() {}

    static Table of(HbaRules rules) {
        Table table =
                Table.of(
                        "rule_number:i",
                        "file_name",
                        "line_number:i",
                        "type",
                        "database",
                        "user_name",
                        "address",
                        "netmask",
                        "auth_method",
                        "options",
                        "hits:n");
        List<HbaRule> lines = rules.rules();
        List<HbaRules.Hits> hits = rules.hits();
        for (int i = 0; i < lines.size(); i++) {
            HbaRule line = lines.get(i);
            String options = String.join(",", line.options().shown());
            table.row(
                    i + 1,
                    line.file(),
                    line.line() == 0 ? null : line.line(),
                    line.type(),
                    line.database(),
                    line.user(),
                    orNull(line.address()),
                    orNull(line.mask()),
                    orNull(line.method().text()),
                    options.isEmpty() ? null : options,
                    hits.get(i).count());
        }
        return table;
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
