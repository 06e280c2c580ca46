package io.pgdoorman.differential;

import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.ResourceLock;

import java.util.stream.Stream;

/** Every answer through the pooler is PostgreSQL's own. */
@Order(1)
@ResourceLock(Database.NAME)
class PooledDifferentialIT {
    private static final RestartingPooler POOLER = SharedPooler.create();

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    @TestFactory
    Stream<DynamicContainer> transactionPoolOfOneServer() {
        return Differential.pooledTests(POOLER, false, 1);
    }

    @TestFactory
    Stream<DynamicContainer> transactionPoolOfThreeServers() {
        return Differential.pooledTests(POOLER, false, 3);
    }

    @TestFactory
    Stream<DynamicContainer> transactionPoolOfOneStatementAServer() {
        return Differential.scarceTests(POOLER);
    }

    @TestFactory
    Stream<DynamicContainer> sessionPoolOfOneServer() {
        return Differential.pooledTests(POOLER, true, 1);
    }

    @TestFactory
    Stream<DynamicContainer> sessionPoolOfThreeServers() {
        return Differential.pooledTests(POOLER, true, 3);
    }
}
