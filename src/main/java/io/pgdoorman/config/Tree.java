package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * All sections of the merged files, decoded. Threads: confined to one load.
 *
 * @param tlsCertificates in file order
 * @param pools by name, in file order
 */
record Tree(
        Values general,
        List<Values> tlsCertificates,
        Map<String, Pool> pools,
        Optional<Values> web,
        Optional<Values> talos) {

    record Pool(Values values, List<Values> users, Optional<Values> authQuery) {}

    /** All of them. */
    Stream<Values> tables() {
        Stream<Values> ofPools =
                pools.values().stream()
                        .flatMap(
                                pool ->
                                        Stream.of(
                                                        Stream.of(pool.values()),
                                                        pool.users().stream(),
                                                        pool.authQuery().stream())
                                                .flatMap(part -> part));
        return Stream.of(
                        Stream.of(general),
                        tlsCertificates.stream(),
                        ofPools,
                        web.stream(),
                        talos.stream())
                .flatMap(part -> part);
    }

    /** Decodes everything there is; what is missing or wrong is in {@code problems}. */
    static Tree decode(Node.Table root, Overrides overrides, Problems problems) {
        return new TreeDecoder(problems, overrides).decode(root);
    }

    private record TreeDecoder(Problems problems, Overrides overrides) {
        Tree decode(Node.Table root) {
            var decoder = new Decoder(problems, overrides);
            decoder.decode(Schema.TOP, root, "", null);
            Node.Table generalTable = required(root, "general");
            Values general = decoder.decode(Schema.GENERAL, generalTable, "general", null);
            var pools = new LinkedHashMap<String, Pool>();
            required(root, "pools")
                    .entries()
                    .forEach((name, node) -> pools.put(name, pool(decoder, name, node, general)));
            return new Tree(
                    general,
                    tlsCertificates(decoder, generalTable),
                    pools,
                    web(root).map(t -> decoder.decode(Schema.WEB, t, "web", null)),
                    optional(root, "talos", "talos")
                            .or(() -> optional(generalTable, "talos", "general.talos"))
                            .map(t -> decoder.decode(Schema.TALOS, t, "talos", null)));
        }

        private Pool pool(Decoder decoder, String name, Node node, Values general) {
            String path = KeyPath.join("pools", name);
            Node.Table table = table(node, path).orElseGet(() -> new Node.Table(node.position()));
            Values values = decoder.decode(Schema.POOL, table, path, general);
            List<Values> users =
                    new UserEntries(problems)
                            .of(table, path).entrySet().stream()
                                    .map(
                                            e ->
                                                    decoder.decode(
                                                            Schema.USER,
                                                            e.getValue(),
                                                            e.getKey(),
                                                            values))
                                    .toList();
            Optional<Values> authQuery =
                    optional(table, "auth_query", path + ".auth_query")
                            .map(
                                    t ->
                                            decoder.decode(
                                                    Schema.AUTH_QUERY,
                                                    t,
                                                    path + ".auth_query",
                                                    values));
            return new Pool(values, users, authQuery);
        }

        private List<Values> tlsCertificates(Decoder decoder, Node.Table general) {
            String path = "general.tls_certificates";
            List<Values> all = new ArrayList<>();
            switch (general.entries().get("tls_certificates")) {
                case null -> {}
                case Node.Sequence(var items, var _) -> {
                    for (int i = 0; i < items.size(); i++) {
                        String name = path + "." + i;
                        table(items.get(i), name)
                                .map(t -> decoder.decode(Schema.TLS_CERTIFICATE, t, name, null))
                                .ifPresent(all::add);
                    }
                }
                case Node other ->
                        problems.error(
                                other.position(),
                                path,
                                "must be a list of tables, is " + other.kind());
            }
            return all;
        }

        private Optional<Node.Table> web(Node.Table root) {
            Node alias = root.entries().get(Schema.WEB_ALIAS);
            if (alias != null && root.entries().containsKey("web")) {
                problems.error(alias.position(), Schema.WEB_ALIAS, "duplicate field, same as web");
            }
            return optional(root, "web", "web")
                    .or(() -> optional(root, Schema.WEB_ALIAS, Schema.WEB_ALIAS));
        }

        /** An empty table stands in for a missing one, so that decoding can go on. */
        private Node.Table required(Node.Table parent, String name) {
            if (!parent.entries().containsKey(name)) {
                problems.error(parent.position(), name, "missing, is required");
            }
            return optional(parent, name, name).orElseGet(() -> new Node.Table(parent.position()));
        }

        private Optional<Node.Table> optional(Node.Table parent, String name, String path) {
            return Optional.ofNullable(parent.entries().get(name))
                    .flatMap(node -> table(node, path));
        }

        private Optional<Node.Table> table(Node node, String path) {
            if (node instanceof Node.Table table) {
                return Optional.of(table);
            }
            problems.error(node.position(), path, "must be a table, is " + node.kind());
            return Optional.empty();
        }
    }
}
