package io.pgdoorman.wire;

import io.netty.util.LeakPresenceDetector;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test that left a buffer unreleased. Needs the system property {@code
 * io.netty.customResourceLeakDetector}, which the build sets; without it Netty refuses the check.
 */
public final class LeakCheck implements AfterEachCallback {
    @Override
    public void afterEach(ExtensionContext context) {
        LeakPresenceDetector.check();
    }
}
