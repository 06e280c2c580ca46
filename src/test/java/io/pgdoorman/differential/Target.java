package io.pgdoorman.differential;

import java.net.SocketAddress;

/** Where a sequence is played. Threads: immutable. */
record Target(SocketAddress address, String database) {}
