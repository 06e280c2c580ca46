package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.ManualLoop;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Random events in random order on several loops: the limits hold at every moment, everybody is
 * served in the end, and every permit comes back.
 */
@ExtendWith(LeakCheck.class)
class PoolStressTest {
    private static final int STEPS = 400;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void keepsItsLimitsAndLosesNobody(int loops) {
        for (int seed = 0; seed < 60; seed++) {
            new Play(seed, loops, false).run();
        }
    }

    @Test
    void doesTheSameIfEveryServerIsFrozenAndThawedAfterEachEvent() {
        for (int seed = 0; seed < 60; seed++) {
            new Play(seed, 2, true).run();
        }
    }

    /** One run. */
    private static final class Play {
        private final Random random;
        private final int seed;
        private final Coordinator coordinator;
        private final List<ManualLoop> loops;
        private final List<PoolStage> stages = new ArrayList<>();
        private final List<PoolClient> clients = new ArrayList<>();

        Play(int seed, int loopCount, boolean rehearse) {
            this.seed = seed;
            this.random = new Random(seed);
            this.coordinator = new Coordinator(4, 1);
            this.loops = Stream.generate(ManualLoop::new).limit(loopCount).toList();
            for (String user : List.of("alice", "bob")) {
                var settings = new SettingsBuilder();
                settings.size = 1 + random.nextInt(4);
                settings.minSize = random.nextInt(settings.size);
                settings.maxCreates = 1 + random.nextInt(3);
                settings.coordinated = true;
                settings.reserveAfterNanos = random.nextBoolean() ? 0 : Long.MAX_VALUE / 4;
                settings.roundRobin = random.nextBoolean();
                settings.idleCheckNanos = random.nextInt(3) == 0 ? 1 : 0;
                var stage = new PoolStage(settings, user, loops, coordinator);
                stage.source.rehearse = rehearse;
                stages.add(stage);
                for (int i = 0; i < 8; i++) {
                    Shard shard = stage.pool.shards().get(random.nextInt(loopCount));
                    ParameterSet profile =
                            random.nextInt(3) == 0
                                    ? ParameterSet.of(Map.of("TimeZone", "CET"))
                                    : ParameterSet.EMPTY;
                    clients.add(new PoolClient(shard, stage.source.interner.intern(profile)));
                }
            }
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                step();
                check();
            }
            settle();
            close();
        }

        private void step() {
            PoolClient client = clients.get(random.nextInt(clients.size()));
            PoolStage stage = stages.get(random.nextInt(stages.size()));
            switch (random.nextInt(14)) {
                case 0, 1, 2 -> clientActs(client);
                case 3, 4, 5 -> {
                    if (client.isLinked()) {
                        finish(client);
                    }
                }
                case 6 -> client.leave();
                case 7, 8 -> {
                    if (!stage.source.logins.isEmpty()) {
                        answerLogin(stage);
                    }
                }
                case 9 -> stage.source.answerAll();
                case 10 -> {
                    if (!stage.source.cancels.isEmpty()) {
                        stage.source.finishCancel();
                    }
                }
                case 11 -> breakServer(stage);
                case 12 -> loops.get(random.nextInt(loops.size())).run();
                default -> loops.get(random.nextInt(loops.size())).advance(20);
            }
        }

        private void clientActs(PoolClient client) {
            if (client.isLinked()) {
                if (random.nextInt(4) == 0) {
                    client.shard.cancel(client.server(), () -> {});
                } else {
                    client.query();
                }
            } else if (!client.isWaiting()) {
                client.acquire();
                if (client.isLinked()) {
                    client.query();
                }
            }
        }

        /** Everything that was asked is answered. */
        private void finish(PoolClient client) {
            String tag = random.nextInt(4) == 0 ? "SET" : "SELECT 1";
            Server server = client.server();
            if (server.replies().isEmpty()) {
                client.query();
            }
            while (client.isLinked() && !client.server().replies().isEmpty()) {
                boolean last = client.server().replies().size() == 1;
                client.answer(tag, last && random.nextInt(5) == 0 ? 'T' : 'I');
            }
        }

        private void answerLogin(PoolStage stage) {
            switch (random.nextInt(6)) {
                case 0 -> stage.source.refuse(FakeServers.unreachable());
                case 1 -> stage.source.refuse(FakeServers.noSuchDatabase());
                default -> stage.source.accept();
            }
        }

        private void breakServer(PoolStage stage) {
            List<Server> made = stage.source.made;
            if (!made.isEmpty() && random.nextInt(3) == 0) {
                FakeServers.channelOf(made.get(random.nextInt(made.size()))).disconnectPeer();
            }
        }

        private void check() {
            int open = 0;
            for (PoolStage stage : stages) {
                int size = stage.pool.settings().size();
                assertThat(stage.pool.open()).as(this::toString).isBetween(0, size);
                open += stage.pool.open();
                assertThat(stage.source.logins.size())
                        .as(this::toString)
                        .isLessThanOrEqualTo(stage.pool.settings().maxCreates());
            }
            assertThat(coordinator.used()).as(this::toString).isBetween(0, 5).isEqualTo(open);
        }

        /** No more mischief: everybody who waits is served. */
        private void settle() {
            for (int round = 0;
                    round < 300 && stages.stream().anyMatch(s -> s.waiting() > 0);
                    round++) {
                for (PoolStage stage : stages) {
                    drainOrphans(stage);
                    stage.source.answerAll();
                    while (!stage.source.cancels.isEmpty()) {
                        stage.source.finishCancel();
                    }
                    while (!stage.source.logins.isEmpty()) {
                        stage.source.accept();
                    }
                }
                clients.stream().filter(PoolClient::isLinked).forEach(PoolClient::leave);
                loops.forEach(loop -> loop.advance(20));
                ManualLoop.runAll(loops);
            }
            for (PoolStage stage : stages) {
                assertThat(stage.waiting()).as(this::toString).isZero();
            }
        }

        /** PostgreSQL finishes what departed clients had asked for. */
        private void drainOrphans(PoolStage stage) {
            for (Shard shard : stage.pool.shards()) {
                for (Server server : shard.servers()) {
                    TestChannel channel = FakeServers.channelOf(server);
                    boolean linked = clients.stream().anyMatch(client -> client.server == server);
                    if (!linked && channel.isOpen() && channel.outboundMessages().isEmpty()) {
                        for (int left = server.replies().size(); left > 0; left--) {
                            channel.send(
                                    Backend.commandComplete("SELECT 1"),
                                    Backend.readyForQuery('I'));
                        }
                    }
                }
            }
        }

        private void close() {
            clients.forEach(PoolClient::leave);
            for (PoolStage stage : stages) {
                stage.pool.close();
                while (!stage.source.logins.isEmpty()) {
                    stage.source.accept();
                }
                ManualLoop.runAll(loops);
                for (int i = 0; i < 3; i++) {
                    stage.source.made.forEach(
                            server -> FakeServers.channelOf(server).disconnectPeer());
                    loops.forEach(loop -> loop.advance(20));
                    ManualLoop.runAll(loops);
                }
                stage.source.dispose();
                assertThat(stage.pool.open()).as(this::toString).isZero();
            }
            assertThat(coordinator.used()).as(this::toString).isZero();
        }

        @Override
        public String toString() {
            var text = new StringBuilder("seed " + seed + " on " + loops.size() + " loops");
            for (PoolStage stage : stages) {
                Pool pool = stage.pool;
                text.append(
                        "\n%s: open %d of %d, idle %d, waiting %d, coordinator %d, %s"
                                .formatted(
                                        pool.name(),
                                        pool.open(),
                                        pool.settings().size(),
                                        pool.idle(),
                                        stage.waiting(),
                                        coordinator.used(),
                                        pool.settings()));
                for (Shard shard : pool.shards()) {
                    text.append("\n  servers ").append(shard.servers());
                }
            }
            return text.toString();
        }
    }
}
