package io.pgdoorman.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class StatementCacheTest {
    private static final int MOST = 100;

    private final StatementCache cache = new StatementCache();

    private static ByteBuf definition(String text) {
        return Unpooled.copiedBuffer(text + "\0\0\0", StandardCharsets.UTF_8);
    }

    private Statement get(String text, String context) {
        ByteBuf in = definition(text);
        Statement found = cache.find(in, 0, in.readableBytes(), context);
        return found != null ? found : cache.add(in, 0, in.readableBytes(), context, 0, MOST);
    }

    private static String text(Statement statement) {
        String all = new String(statement.definition(), StandardCharsets.UTF_8);
        return all.substring(0, all.length() - 3);
    }

    @Test
    void findsWhatWasAdded() {
        Statement added = get("SELECT 1", "a");

        assertThat(get("SELECT 1", "a")).isSameAs(added);
        assertThat(added.isShared()).isTrue();
    }

    @Test
    void tellsTextsTypesAndSettingsApart() {
        Statement one = get("SELECT 1", "a");

        assertThat(get("SELECT 2", "a")).isNotSameAs(one);
        assertThat(get("SELECT 1", "b")).isNotSameAs(one);
        assertThat(get("SELECT 1\0\0\1", "a")).isNotSameAs(one);
    }

    /** "Aa" and "BB" have one hash, and so have all texts made of them. */
    @Test
    void neverMixesTextsOfOneHash() {
        var statements = new ArrayList<Statement>();
        for (int i = 0; i < 64; i++) {
            var text = new StringBuilder();
            for (int bit = 0; bit < 6; bit++) {
                text.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            Statement statement = get(text.toString(), "a");
            assertThat(text(statement)).isEqualTo(text.toString());
            statements.add(statement);
        }

        assertThat(statements).doesNotHaveDuplicates();
        assertThat(statements.stream().map(Statement::keyHash).distinct()).hasSize(1);
    }

    @Test
    void forgetsTheOldest() {
        Statement first = get("SELECT 0", "a");
        for (int i = 1; i < 3 * MOST; i++) {
            get("SELECT " + i, "a");
        }

        assertThat(cache.size()).isLessThanOrEqualTo(MOST);
        assertThat(cache.evictions()).isEqualTo(3 * MOST - cache.size());
        assertThat(get("SELECT 0", "a")).isNotSameAs(first);
        assertThat(get("SELECT " + (3 * MOST - 1), "a").number()).isGreaterThan(first.number());
    }

    @Test
    void countsTheBytesItHolds() {
        for (int i = 0; i < 10 * MOST; i++) {
            get("SELECT '" + "x".repeat(i) + "'", "a");
        }

        assertThat(cache.bytes()).isBetween(1L, MOST * (10L * MOST + 200));
    }

    @Test
    void sharesNoTextThatIsTooLong() {
        String text = "x".repeat(StatementCache.MAX_SHARED_BYTES);

        Statement one = get(text, "a");

        assertThat(one.isShared()).isFalse();
        assertThat(get(text, "a")).isNotSameAs(one);
        assertThat(cache.size()).isZero();
    }

    @Test
    void takesTheStatementOfAnotherProcessUnlessItHasOne() {
        Statement here = get("SELECT 1", "a");
        long number = StatementCache.lastNumber() + 1_000;
        var moved =
                new Statement(
                        here.definition().clone(), here.context(), number, here.traces(), true);
        var alone = new Statement(here.definition(), "a", number + 1, 0, false);

        assertThat(cache.adopt(moved, MOST)).isSameAs(here);
        assertThat(cache.adopt(alone, MOST)).isSameAs(alone);
        assertThat(get("SELECT 2", "a").number()).isGreaterThan(number);
    }

    @Test
    void isSharedByThreads() throws Exception {
        try (var threads = Executors.newFixedThreadPool(4)) {
            var results = new ArrayList<Future<List<Statement>>>();
            for (int thread = 0; thread < 4; thread++) {
                var random = new Random(thread);
                Callable<List<Statement>> work = () -> use(random);
                results.add(threads.submit(work));
            }
            var numbers = new ArrayList<Long>();
            for (Future<List<Statement>> result : results) {
                result.get().stream().distinct().map(Statement::number).forEach(numbers::add);
            }
            assertThat(numbers).isNotEmpty();
        }
        assertThat(cache.size()).isLessThanOrEqualTo(MOST + MOST / 8 + 4);
        assertThat(cache.bytes()).isBetween(0L, 4 * MOST * 200L);
    }

    private List<Statement> use(Random random) {
        var all = new ArrayList<Statement>();
        for (int i = 0; i < 20_000; i++) {
            String text = "SELECT " + random.nextInt(2 * MOST);
            Statement statement = get(text, "a");
            assertThat(text(statement)).isEqualTo(text);
            all.add(statement);
        }
        return all;
    }
}
