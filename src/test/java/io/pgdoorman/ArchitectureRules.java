package io.pgdoorman;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;

import java.util.Collection;
import java.util.Map;

/** The architecture rules that need no table. Threads: immutable. */
final class ArchitectureRules {
    private ArchitectureRules() {}

    /** One slice per package, also per nested package. */
    static ArchRule packagesAreFreeOfCycles(String base) {
        return slices().matching(base + ".(**)").should().beFreeOfCycles().allowEmptyShould(true);
    }

    static Collection<ArchRule> bans(String base) {
        return bansByName(base).values();
    }

    static Map<String, ArchRule> bansByName(String base) {
        return Map.of(
                "Prometheus outside metrics",
                        noClasses()
                                .that()
                                .resideOutsideOfPackage(base + "metrics..")
                                .should()
                                .dependOnClassesThat()
                                .resideInAPackage("io.prometheus..")
                                .allowEmptyShould(true),
                "signals outside runtime",
                        noClasses()
                                .that()
                                .resideOutsideOfPackage(base + "runtime..")
                                .should()
                                .dependOnClassesThat()
                                .haveFullyQualifiedName("sun.misc.Signal")
                                .allowEmptyShould(true),
                "System.exit outside cli",
                        noClasses()
                                .that()
                                .resideOutsideOfPackage(base + "cli..")
                                .should()
                                .callMethod(System.class, "exit", int.class)
                                .orShould()
                                .callMethod(Runtime.class, "exit", int.class)
                                .allowEmptyShould(true));
    }
}
