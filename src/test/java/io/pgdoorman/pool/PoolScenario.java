package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.Server;

import org.junit.jupiter.api.AfterEach;

/** What scenarios of one pool on one loop have in common. */
abstract class PoolScenario {
    final SettingsBuilder settings = new SettingsBuilder();
    PoolStage stage = new PoolStage(settings);

    /** Takes over what the test has changed in {@link #settings}. */
    final void restage() {
        stage = new PoolStage(settings);
    }

    /** Whatever the scenario was: in the end no server is left, and no permit is taken. */
    @AfterEach
    final void everyPermitComesBack() {
        while (!stage.source.logins.isEmpty()) {
            stage.source.refuse(FakeServers.unreachable());
        }
        stage.pool.close();
        stage.run();
        for (Server server : stage.source.made) {
            FakeServers.channelOf(server).disconnectPeer();
        }
        stage.tick();
        while (!stage.source.cancels.isEmpty()) {
            stage.source.finishCancel();
        }
        stage.source.dispose();
        assertThat(stage.pool.open()).as("servers open in the end").isZero();
        assertThat(stage.pool.idle()).as("servers idle in the end").isZero();
        assertThat(stage.waiting()).as("clients waiting in the end").isZero();
    }
}
