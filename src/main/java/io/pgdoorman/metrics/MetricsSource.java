package io.pgdoorman.metrics;

import io.pgdoorman.tls.TlsExpiry;

import java.util.Map;
import java.util.Set;

/** What the page shows beside what the admin console does. Threads: any. */
public interface MetricsSource {
    HandoverState handover();

    /** The process no longer takes new clients. */
    boolean isDraining();

    /** What ends in the files of TLS; by side, {@code client} or {@code server}. */
    Map<String, Set<TlsExpiry>> tlsExpiries();
}
