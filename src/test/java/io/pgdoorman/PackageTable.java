package io.pgdoorman;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The packages below a base package by rank, and the rules that follow. Threads: immutable. */
final class PackageTable {
    private final String base;
    private final Map<String, Integer> ranks = new HashMap<>();

    /**
     * @param base the common prefix, with its last dot
     * @param packagesByRank the lowest rank first
     */
    PackageTable(String base, List<List<String>> packagesByRank) {
        this.base = base;
        for (int rank = 0; rank < packagesByRank.size(); rank++) {
            for (String name : packagesByRank.get(rank)) {
                ranks.put(base + name, rank);
            }
        }
    }

    ArchRule everyPackageIsListed() {
        return classes()
                .should(
                        new ArchCondition<>("stand in a package of the table") {
                            @Override
                            public void check(JavaClass type, ConditionEvents events) {
                                if (rank(type).isEmpty()) {
                                    events.add(
                                            SimpleConditionEvent.violated(
                                                    type,
                                                    type.getName() + " is in no listed package"));
                                }
                            }
                        });
    }

    ArchRule importsPointDown() {
        return classes()
                .should(
                        new ArchCondition<>("import lower ranks only") {
                            @Override
                            public void check(JavaClass type, ConditionEvents events) {
                                type.getDirectDependenciesFromSelf().stream()
                                        .filter(PackageTable.this::isUpwardOrSideward)
                                        .map(
                                                d ->
                                                        SimpleConditionEvent.violated(
                                                                d, d.getDescription()))
                                        .forEach(events::add);
                            }
                        });
    }

    private boolean isUpwardOrSideward(Dependency dependency) {
        JavaClass origin = dependency.getOriginClass();
        JavaClass target = dependency.getTargetClass();
        if (!target.getPackageName().startsWith(base)
                || target.getPackageName().equals(origin.getPackageName())) {
            return false;
        }
        return rank(target).orElse(Integer.MAX_VALUE) >= rank(origin).orElse(Integer.MIN_VALUE);
    }

    private OptionalInt rank(JavaClass type) {
        Integer rank = ranks.get(type.getPackageName());
        return rank == null ? OptionalInt.empty() : OptionalInt.of(rank);
    }
}
