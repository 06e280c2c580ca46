package io.pgdoorman.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** All metrics of one page. Threads: confined to the thread that collects. */
final class Families {
    private final List<Family> all = new ArrayList<>();

    Family gauge(String name, String help) {
        return add(name, Family.Type.GAUGE, help);
    }

    Family counter(String name, String help) {
        return add(name, Family.Type.COUNTER, help);
    }

    Family histogram(String name, String help) {
        return add(name, Family.Type.HISTOGRAM, help);
    }

    Family summary(String name, String help) {
        return add(name, Family.Type.SUMMARY, help);
    }

    Family info(String name, String help) {
        return add(name, Family.Type.INFO, help);
    }

    private Family add(String name, Family.Type type, String help) {
        var family = new Family(name, type, help);
        all.add(family);
        return family;
    }

    List<Family> all() {
        return List.copyOf(all);
    }

    Figures figures() {
        Set<String> others = new HashSet<>();
        for (Family family : all) {
            if (family.type() != Family.Type.COUNTER) {
                others.add(family.base());
            }
        }
        List<Family> main = new ArrayList<>();
        List<Family> twins = new ArrayList<>();
        for (Family family : all) {
            boolean twin = family.type() == Family.Type.COUNTER && others.contains(family.base());
            (twin ? twins : main).add(family);
        }
        return new Figures(main, twins);
    }
}
