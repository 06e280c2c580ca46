package io.pgdoorman.web;

import java.util.List;

/** How the process feels. Threads: any but an event loop; may wait a little. */
public interface HealthSource {
    /** Why it should be started anew; nothing if it is alive. */
    List<String> deathSigns();

    /** Why it should get no clients; nothing if it is ready. */
    List<String> obstacles();
}
