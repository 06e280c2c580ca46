package io.pgdoorman;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/**
 * Holds the line of the package table and of the bans. Each rule is also run on classes under
 * {@code io.pgdoorman.fixture} that break it, so a rule that can no longer fail makes this suite
 * fail.
 */
class ArchitectureTest {
    private static final String BASE = "io.pgdoorman.";

    /** Imports go to lower ranks only; packages of one rank do not see each other. */
    private static final PackageTable TABLE =
            new PackageTable(
                    BASE,
                    List.of(
                            List.of("shell", "wire", "config", "log"),
                            List.of("tls"),
                            List.of("wire.frontend", "wire.backend"),
                            List.of("net", "statement", "stats", "secret"),
                            List.of("auth"),
                            List.of("backend", "authority"),
                            List.of("pool"),
                            List.of("lookup", "session"),
                            List.of("handover.format"),
                            List.of("handover", "admin"),
                            List.of("metrics"),
                            List.of("web"),
                            List.of("runtime"),
                            List.of("demo", "migrate"),
                            List.of("cli")));

    private static JavaClasses production;

    @BeforeAll
    static void importProductionClasses() {
        production =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_PACKAGE_INFOS)
                        .importPackages("io.pgdoorman");
    }

    @Test
    void everyPackageStandsInTheTable() {
        TABLE.everyPackageIsListed().check(production);
    }

    @Test
    void importsPointDown() {
        TABLE.importsPointDown().check(production);
    }

    @Test
    void packagesAreFreeOfCycles() {
        ArchitectureRules.packagesAreFreeOfCycles("io.pgdoorman").check(production);
    }

    @Test
    void bansHold() {
        ArchitectureRules.bans(BASE).forEach(rule -> rule.check(production));
    }

    @Test
    void anUnlistedPackageIsFound() {
        assertThat(violations(TABLE.everyPackageIsListed(), "io.pgdoorman.fixture.alpha"))
                .singleElement()
                .asString()
                .contains("fixture.alpha");
    }

    @Test
    void anImportUpwardOrSidewardIsFound() {
        var upward =
                new PackageTable(
                        "io.pgdoorman.fixture.", List.of(List.of("alpha"), List.of("beta")));
        var sideward = new PackageTable("io.pgdoorman.fixture.", List.of(List.of("alpha", "beta")));

        assertThat(violations(upward.importsPointDown(), "io.pgdoorman.fixture"))
                .isNotEmpty()
                .allSatisfy(text -> assertThat(text).contains("fixture.alpha.Hen"));
        assertThat(violations(sideward.importsPointDown(), "io.pgdoorman.fixture"))
                .anySatisfy(text -> assertThat(text).contains("fixture.alpha.Hen"))
                .anySatisfy(text -> assertThat(text).contains("fixture.beta.Egg"));
    }

    @Test
    void aCycleOfTwoPackagesIsFound() {
        var rule = ArchitectureRules.packagesAreFreeOfCycles("io.pgdoorman");

        assertThat(violations(rule, "io.pgdoorman.fixture"))
                .singleElement()
                .asString()
                .contains("Cycle detected", "fixture.alpha", "fixture.beta");
    }

    @Test
    void eachBanFindsItsBreach() {
        Map<String, ArchRule> bans = ArchitectureRules.bansByName(BASE);

        assertThat(bans).isNotEmpty();
        bans.forEach(
                (name, rule) ->
                        assertThat(violations(rule, "io.pgdoorman.fixture.bans"))
                                .as(name)
                                .isNotEmpty()
                                .allSatisfy(text -> assertThat(text).contains("fixture.bans")));
    }

    private static List<String> violations(ArchRule rule, String fixturePackage) {
        JavaClasses classes = new ClassFileImporter().importPackages(fixturePackage);
        return rule.allowEmptyShould(true).evaluate(classes).getFailureReport().getDetails();
    }
}
