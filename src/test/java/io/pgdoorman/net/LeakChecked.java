package io.pgdoorman.net;

import io.netty.util.LeakPresenceDetector;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test that left a buffer unreleased. Needs the detector's system property. */
final class LeakChecked implements AfterEachCallback {
    @Override
    public void afterEach(ExtensionContext context) {
        if ("io.netty.util.LeakPresenceDetector"
                .equals(System.getProperty("io.netty.customResourceLeakDetector"))) {
            LeakPresenceDetector.check();
        }
    }
}
