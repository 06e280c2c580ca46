package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.Map;

/**
 * Lays an included file over what is there: tables by key, lists one after the other, values
 * replaced by values of the same type. Threads: any thread, because it has no state.
 */
final class Merge {
    private Merge() {}

    /** Changes {@code into}. */
    static void merge(Node.Table into, Node.Table over, Problems problems) {
        merge(into, over, "", problems);
    }

    private static void merge(Node.Table into, Node.Table over, String path, Problems problems) {
        for (Map.Entry<String, Node> entry : over.entries().entrySet()) {
            String key = KeyPath.join(path, entry.getKey());
            Node old = into.entries().get(entry.getKey());
            Node merged =
                    merged(old == null ? entry.getValue() : old, entry.getValue(), key, problems);
            into.entries().put(entry.getKey(), merged);
        }
    }

    @SuppressWarnings("ReferenceEquality") // asks whether the file brought a node of its own
    private static Node merged(Node old, Node next, String key, Problems problems) {
        if (old == next) {
            return next;
        }
        if (old instanceof Node.Table a && next instanceof Node.Table b) {
            merge(a, b, key, problems);
            return a;
        }
        if (old instanceof Node.Sequence a && next instanceof Node.Sequence b) {
            var items = new ArrayList<>(a.items());
            items.addAll(b.items());
            return new Node.Sequence(items, a.position());
        }
        if (!old.kind().equals(next.kind())) {
            problems.error(
                    next.position(),
                    key,
                    "could not merge: %s here, %s in %s"
                            .formatted(next.kind(), old.kind(), old.position().file()));
            return old;
        }
        return next;
    }
}
