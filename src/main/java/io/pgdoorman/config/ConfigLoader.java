package io.pgdoorman.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads configuration files. Nothing escapes as an exception: whatever is wrong is in the result,
 * all of it at once.
 *
 * <p>Threads: any thread, because it has no state. Reads files, so never on an event loop.
 */
public final class ConfigLoader {
    private ConfigLoader() {}

    /**
     * Loads the main file and what it includes. Relative paths, in the files too, are resolved by
     * the working directory.
     */
    public static LoadResult load(Path main) {
        return load(main, Map.of());
    }

    /**
     * As {@link #load(Path)}.
     *
     * @param overrides values that count instead of those of the files, in the notation of TOML
     *     where text needs no quotes, by full name such as {@code general.idle_timeout}
     */
    public static LoadResult load(Path main, Map<String, String> overrides) {
        var problems = new Problems();
        Optional<Node.Table> root = SourceFile.read(main, problems);
        return load(root, main, new Overrides(overrides), problems);
    }

    /**
     * Loads a text, for tests and demonstrations. A {@code name} that ends in .yaml or .yml makes
     * it YAML, any other TOML.
     */
    public static LoadResult parse(String text, String name) {
        return parse(text, name, Map.of());
    }

    /** As {@link #parse(String, String)} and {@link #load(Path, Map)}. */
    public static LoadResult parse(String text, String name, Map<String, String> overrides) {
        var problems = new Problems();
        Optional<Node.Table> root = SourceFile.parse(text, name, problems);
        return load(root, Path.of(name), new Overrides(overrides), problems);
    }

    private static LoadResult load(
            Optional<Node.Table> main, Path file, Overrides overrides, Problems problems) {
        if (main.isEmpty()) {
            return new LoadResult(Optional.empty(), problems.all());
        }
        var files = new ArrayList<>(List.of(file));
        Node.Table root = main.get();
        for (Path include : includes(root, problems)) {
            files.add(include);
            SourceFile.read(include, problems)
                    .ifPresent(table -> Merge.merge(root, table, problems));
        }
        Tree tree = Tree.decode(root, overrides, problems);
        overrides.reportUnused(problems);
        new GeneralRules(tree, problems).check();
        tree.pools().forEach((name, pool) -> new PoolRules(name, pool, problems).check());
        HbaRules hba = hba(tree.general(), problems);
        hba.checkTls(
                tree.general().own(TlsKeys.TLS_CERTIFICATE).isPresent(),
                tree.general().own(TlsKeys.TLS_CA_CERT).isPresent(),
                problems::add);
        hba.checkRoles(
                tree.pools().entrySet().stream()
                        .filter(pool -> pool.getValue().authQuery().isEmpty())
                        .map(Map.Entry::getKey)
                        .collect(Collectors.toSet()),
                problems::add);
        return problems.hasErrors()
                ? new LoadResult(Optional.empty(), problems.all())
                : new LoadResult(
                        Optional.of(new Assembler(tree, hba, files).config()), problems.all());
    }

    private static List<Path> includes(Node.Table root, Problems problems) {
        Node node = root.entries().get(Schema.INCLUDE.name());
        if (!(node instanceof Node.Table include)) {
            if (node != null) {
                problems.error(
                        node.position(),
                        Schema.INCLUDE.name(),
                        "must be a table, is " + node.kind());
            }
            return List.of();
        }
        Values values =
                new Decoder(problems, Overrides.none())
                        .decode(Schema.INCLUDE, include, "include", null);
        var files = new ArrayList<Path>();
        for (String name : values.get(Schema.INCLUDE_FILES)) {
            try {
                files.add(Path.of(name));
            } catch (InvalidPathException notAPath) {
                problems.error(
                        values.position(Schema.INCLUDE_FILES),
                        values.name(Schema.INCLUDE_FILES),
                        "has a file name with a character that no path can have");
            }
        }
        return files;
    }

    private static HbaRules hba(Values general, Problems problems) {
        Key<HbaSource> key =
                general.own(ListenKeys.PG_HBA).isPresent() ? ListenKeys.PG_HBA : ListenKeys.HBA;
        HbaSource source = general.get(key);
        IdentMaps maps = maps(general, problems);
        return switch (source) {
            case HbaSource.Inline(String text) ->
                    HbaRules.parse(text, general.name(key), Path.of(""), maps, problems::add);
            case HbaSource.File(Path path) -> HbaRules.read(path, maps, problems::add);
            case HbaSource.Networks(var networks) ->
                    networks.isEmpty() ? HbaRules.ALLOW_ALL : HbaRules.fromNetworks(networks);
        };
    }

    private static IdentMaps maps(Values general, Problems problems) {
        Key<HbaSource> key = ListenKeys.PG_IDENT;
        if (general.own(key).isEmpty()) {
            return IdentMaps.NONE;
        }
        return switch (general.get(key)) {
            case HbaSource.Inline(String text) ->
                    IdentMaps.parse(text, general.name(key), Path.of(""), problems::add);
            case HbaSource.File(Path path) -> IdentMaps.read(path, problems::add);
            case HbaSource.Networks _ -> IdentMaps.NONE; // RULES reads none
        };
    }
}
