package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.List;

/** Lists every key with its value for {@link Config#settings}. */
final class SettingRows {
    private SettingRows() {}

    static List<Setting> of(Tree tree) {
        var rows = new ArrayList<Setting>();
        add(rows, tree.general());
        tree.tlsCertificates().forEach(certificate -> add(rows, certificate));
        tree.web().ifPresent(web -> add(rows, web));
        tree.talos().ifPresent(talos -> add(rows, talos));
        tree.pools()
                .values()
                .forEach(
                        pool -> {
                            add(rows, pool.values());
                            pool.authQuery().ifPresent(lookup -> add(rows, lookup));
                            pool.users().forEach(user -> add(rows, user));
                        });
        return List.copyOf(rows);
    }

    private static void add(List<Setting> rows, Values values) {
        values.section().keys().forEach(key -> rows.add(row(values, key)));
    }

    private static <T> Setting row(Values values, Key<T> key) {
        return new Setting(
                values.name(key),
                values.find(key).map(key.type()::plain).orElse(""),
                key.defaultValue().map(key.type()::plain).orElse(""),
                values.own(key).isPresent(),
                key.reload(),
                values.source(key));
    }
}
