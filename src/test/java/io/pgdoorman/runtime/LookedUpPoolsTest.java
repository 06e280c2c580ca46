package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.lookup.LookedUpUser;
import io.pgdoorman.lookup.UserCache;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ClientDirectory;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Pools of users that the configuration does not name; they are known without a query here. */
class LookedUpPoolsTest {
    private static final LookedUpUser ANN =
            new LookedUpUser(StoredSecret.parse("md5" + "0".repeat(32)), Map.of());

    private static final long UNUSED = Duration.ofSeconds(90).toNanos();
    private static final String TEXT =
            """
            [pools.shop]
            [pools.shop.auth_query]
            query = "SELECT f($1)"
            user = "asker"
            min_pool_size = 2
            unused_pool_timeout = "90s"
            %s
            """;

    private final AtomicLong clock = new AtomicLong();
    private final Pools pools = pools("");

    private Pools pools(String more) {
        Pools made = ConfiguredPools.of(TEXT.formatted(more), clock::get);
        made.lookups().get("shop").cache().adopt("ann", new UserCache.Remembered(ANN, 0));
        return made;
    }

    private static ClientDirectory.Candidate lookUp(Pools pools) {
        return pools.lookUp("shop", "ann", false).join().orElseThrow();
    }

    private Pool admit() {
        return lookUp(pools).account().get().orElseThrow().pool();
    }

    @Test
    void whoWasLookedUpAndHasProvedNothingHasNoPool() {
        ClientDirectory.Candidate candidate = lookUp(pools);

        assertThat(candidate.pool()).isEqualTo("ann@shop");
        assertThat(candidate.secret()).isEqualTo(ANN.secret());
        assertThat(pools.all()).isEmpty();
        assertThat(pools.lookups().get("shop").counts().poolsCreated.sum()).isZero();
    }

    @Test
    void whoHasProvedWhoItIsGetsItsPool() {
        ClientDirectory.Account account = lookUp(pools).account().get().orElseThrow();

        assertThat(account.pool().name()).isEqualTo("ann@shop");
        assertThat(account.passThrough()).isTrue();
        assertThat(admit()).isSameAs(account.pool());
        assertThat(pools.all()).containsExactly(account.pool());
    }

    @Test
    void allGetThePoolOfTheSharedRole() {
        Pools shared = pools("server_user = \"app\"\nserver_password = \"x\"");

        ClientDirectory.Candidate candidate = lookUp(shared);

        assertThat(candidate.pool()).isEqualTo("app@shop");
        assertThat(candidate.account().get().orElseThrow().pool().name()).isEqualTo("app@shop");
    }

    @Test
    void aPoolThatNobodyUsesGoesAlsoIfItIsToHaveServersReady() {
        Pool pool = admit();
        clock.addAndGet(UNUSED + 1);

        pools.lookedUp().collect(Set.of());

        assertThat(pools.all()).isEmpty();
        assertThat(pool.isClosed()).isTrue();
    }

    @Test
    void aFailedLoginKeepsNoPool() {
        admit();
        clock.addAndGet(UNUSED + 1);
        lookUp(pools);

        pools.lookedUp().collect(Set.of());

        assertThat(pools.all()).isEmpty();
    }

    /** Its last client may have been there for long: the next one finds servers ready. */
    @Test
    void aPoolIsUnusedFromTheEndOfItsLastClientOn() {
        Pool pool = admit();
        clock.addAndGet(UNUSED + 1);
        pools.lookedUp().collect(Set.of(pool));
        clock.addAndGet(UNUSED);

        pools.lookedUp().collect(Set.of());

        assertThat(pools.all()).containsExactly(pool);
    }

    /** Its secret is another one, which the client has not proved to know. */
    @Test
    void whomAReloadNamesMeanwhileGetsNothing() {
        ClientDirectory.Candidate candidate = lookUp(pools);
        pools.apply(
                ConfiguredPools.config(
                        TEXT.formatted("")
                                + """
                                [[pools.shop.users]]
                                username = "ann"
                                password = "sesame"
                                pool_size = 1
                                """),
                false);

        assertThat(candidate.account().get()).isEmpty();
    }
}
