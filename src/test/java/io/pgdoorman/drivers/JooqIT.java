package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.val;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import io.pgdoorman.testing.PostgresServer;

import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.conf.Settings;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.DataChangedException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** jOOQ with HikariCP and pgjdbc: records with optimistic locking, batches, paging. */
class JooqIT {
    private static final int ROUNDS = 7;
    private static final int STATEMENTS = 12;
    private static DriverPooler pooler;

    @BeforeAll
    static void start() {
        System.setProperty("org.jooq.no-logo", "true");
        System.setProperty("org.jooq.no-tips", "true");
        pooler = new DriverPooler();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @Test
    void everyAnswerIsRight() throws Exception {
        var config = new HikariConfig();
        config.setJdbcUrl(pooler.pooler().jdbcUrl(DriverPooler.POOL));
        config.setUsername(PostgresServer.APP);
        config.setMaximumPoolSize(DriverPooler.CLIENTS);
        try (var connections = new HikariDataSource(config)) {
            var settings = new Settings().withExecuteWithOptimisticLocking(true);
            DSLContext sql = DSL.using(connections, SQLDialect.POSTGRES, settings);

            Fleet.run(pooler, ROUNDS, number -> new Client(sql, number));
        }
    }

    private record Client(DSLContext sql, int number) implements Fleet.Client {
        @Override
        public void round(int round) {
            statements(round);
            batchAndPages(round);
            staleRecord(round);
            transactions(round);
            failure();
        }

        private void statements(int round) {
            for (int i = 0; i < STATEMENTS; i++) {
                var row =
                        sql.select(val(round).plus(inline(i)), val(number + "/" + round))
                                .fetchSingle();
                assertThat(row.value1()).isEqualTo(round + i);
                assertThat(row.value2()).isEqualTo(number + "/" + round);
            }
        }

        private void batchAndPages(int round) {
            var events = new ArrayList<EventTable.Event>();
            for (int i = 0; i < 25; i++) {
                EventTable.Event event = sql.newRecord(EventTable.EVENT);
                event.set(EventTable.EVENT.client, number);
                event.set(EventTable.EVENT.round, round);
                event.set(EventTable.EVENT.name, "event " + i);
                events.add(event);
            }
            assertThat(sql.batchInsert(events).execute()).hasSize(25);
            var seen = new ArrayList<String>();
            List<String> page;
            do {
                page =
                        sql.select(EventTable.EVENT.name)
                                .from(EventTable.EVENT)
                                .where(EventTable.EVENT.client.eq(number))
                                .and(EventTable.EVENT.round.eq(round))
                                .orderBy(EventTable.EVENT.id)
                                .limit(10)
                                .offset(seen.size())
                                .fetch(EventTable.EVENT.name);
                seen.addAll(page);
            } while (!page.isEmpty());
            assertThat(seen).hasSize(25).startsWith("event 0").endsWith("event 24");
        }

        /** Of two who have read a record, the second to write it is told. */
        private void staleRecord(int round) {
            EventTable.Event event = sql.newRecord(EventTable.EVENT);
            event.set(EventTable.EVENT.client, number);
            event.set(EventTable.EVENT.round, round);
            event.set(EventTable.EVENT.name, "new");
            event.insert();
            assertThat(event.get(EventTable.EVENT.id)).isPositive();
            EventTable.Event first = read(event.get(EventTable.EVENT.id));
            EventTable.Event second = read(event.get(EventTable.EVENT.id));

            first.set(EventTable.EVENT.name, "first");
            assertThat(first.update()).isEqualTo(1);
            second.set(EventTable.EVENT.name, "second");

            assertThatThrownBy(second::update).isInstanceOf(DataChangedException.class);
            assertThat(read(event.get(EventTable.EVENT.id)).get(EventTable.EVENT.name))
                    .isEqualTo("first");
            assertThat(first.delete()).isEqualTo(1);
        }

        private EventTable.Event read(Long id) {
            return sql.fetchSingle(EventTable.EVENT, EventTable.EVENT.id.eq(id));
        }

        private void transactions(int round) {
            int from = 1 + (number + round) % (DriverPooler.ACCOUNTS - 1);
            sql.transaction(
                    outer -> {
                        assertThat(add(outer.dsl(), from, -5)).isEqualTo(1);
                        assertThatThrownBy(
                                        () ->
                                                outer.dsl()
                                                        .transaction(
                                                                inner -> {
                                                                    add(inner.dsl(), from, -1);
                                                                    throw new IllegalStateException(
                                                                            "to the savepoint");
                                                                }))
                                .isInstanceOf(IllegalStateException.class);
                        assertThat(add(outer.dsl(), from + 1, 5)).isEqualTo(1);
                    });
        }

        private static int add(DSLContext sql, int id, int amount) {
            return sql.execute("UPDATE account SET balance = balance + ? WHERE id = ?", amount, id);
        }

        private void failure() {
            assertThatThrownBy(
                            () ->
                                    sql.select(val(10).div(field("?::int", Integer.class, 0)))
                                            .fetch())
                    .isInstanceOfSatisfying(
                            DataAccessException.class,
                            error -> assertThat(error.sqlState()).isEqualTo("22012"));
        }

        @Override
        public void close() {
            // the connections are HikariCP's
        }
    }
}
