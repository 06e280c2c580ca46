package io.pgdoorman.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * TCP ports of this machine. Free ones are below the range the kernel takes for outgoing
 * connections, so that only another fixture can take one before its program binds it; the fixtures
 * then try the next. Threads: any.
 */
public final class Ports {
    private static final int FIRST = 15_000;
    private static final int END = 32_000;

    private Ports() {}

    public static int free() {
        for (int attempt = 0; attempt < 1_000; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            try (var probe = new ServerSocket()) {
                probe.bind(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), port), 1);
                return port;
            } catch (IOException e) {
                // taken
            }
        }
        throw new IllegalStateException("no free port from " + FIRST + " to " + END);
    }

    /** Whether somebody on 127.0.0.1 accepts connections at the port. */
    public static boolean takesConnections(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
