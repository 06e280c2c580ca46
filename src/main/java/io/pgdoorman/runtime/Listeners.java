package io.pgdoorman.runtime;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.net.Listener;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The sockets clients connect to: opened at the start, changed by a reload, closed at the end.
 *
 * <p>Threads: the control thread; the end of the process may come on any other, so everything is
 * done under one lock. Once closed, nothing is opened any more.
 */
final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    /** Where to listen. */
    private sealed interface Address {
        /** The setting to name in an error. */
        String setting();
    }

    private record Tcp(String host, int port) implements Address {
        @Override
        public String setting() {
            return "general.host/port";
        }

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    private record Unix(Path path, int mode) implements Address {
        @Override
        public String setting() {
            return "general.unix_socket_dir";
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    private final Transport transport;
    private final List<EventLoop> loops;
    private final Consumer<Channel> onAccept;
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final Map<Address, Listener> open = new LinkedHashMap<>();
    private boolean closed;

    Listeners(Transport transport, List<EventLoop> loops, Consumer<Channel> onAccept) {
        this.transport = transport;
        this.loops = loops;
        this.onAccept = onAccept;
    }

    /** Opens all addresses of the configuration. */
    synchronized void open(GeneralConfig.Listen listen, SocketSettings settings) {
        for (Address address : addresses(listen)) {
            open.put(address, bind(address, listen.backlog(), settings));
        }
    }

    /**
     * Opens what is new, closes what is not wanted any more, and applies the settings to what
     * stays. If a new address cannot be opened, everything stays as it was.
     *
     * @return one line for each change
     * @throws StartException an address cannot be opened
     */
    synchronized List<String> apply(GeneralConfig.Listen listen, SocketSettings settings) {
        List<String> changes = new ArrayList<>();
        List<Address> wanted = addresses(listen);
        List<Address> gone = open.keySet().stream().filter(a -> !wanted.contains(a)).toList();
        Map<Address, Listener> added = new LinkedHashMap<>();
        Map<Address, Listener> closed = new LinkedHashMap<>();
        try {
            for (Address address : wanted) {
                if (!open.containsKey(address)) {
                    // Two sockets cannot share a port or a path: the old one makes room.
                    gone.stream()
                            .filter(old -> overlaps(old, address) && !closed.containsKey(old))
                            .forEach(old -> closed.put(old, close(old)));
                    added.put(address, bind(address, listen.backlog(), settings));
                }
            }
        } catch (StartException e) {
            added.values().forEach(Listeners::close);
            closed.keySet().forEach(old -> open.put(old, bind(old, listen.backlog(), settings)));
            throw e;
        }
        for (Address address : gone) {
            if (!closed.containsKey(address)) {
                close(address);
            }
            changes.add("no longer listening on " + address);
        }
        added.forEach((address, listener) -> changes.add("listening on " + address));
        open.putAll(added);
        open.values().forEach(listener -> listener.update(settings));
        return changes;
    }

    private static boolean overlaps(Address old, Address next) {
        return switch (old) {
            case Tcp(_, int port) -> next instanceof Tcp tcp && tcp.port() == port;
            case Unix(Path path, _) -> next instanceof Unix unix && unix.path().equals(path);
        };
    }

    synchronized List<Listener> all() {
        return List.copyOf(open.values());
    }

    /** Closes everything; clients that are connected stay. */
    synchronized void close() {
        closed = true;
        List.copyOf(open.keySet()).forEach(this::close);
    }

    private Listener close(Address address) {
        Listener listener = open.remove(address);
        if (listener == null) {
            throw new IllegalStateException("not open: " + address);
        }
        close(listener);
        return listener;
    }

    private static void close(Listener listener) {
        try {
            listener.close().get(1, TimeUnit.SECONDS);
        } catch (Exception e) {
            LOG.warn("{} could not be closed", listener.address(), e);
        }
    }

    private static List<Address> addresses(GeneralConfig.Listen listen) {
        List<Address> addresses = new ArrayList<>();
        addresses.add(new Tcp(listen.host(), listen.port()));
        listen.unixSocketDir()
                .map(directory -> directory.resolve(".s.PGSQL." + listen.port()))
                .ifPresent(path -> addresses.add(new Unix(path, listen.unixSocketMode())));
        return addresses;
    }

    private Listener bind(Address address, int backlog, SocketSettings settings) {
        if (closed) {
            throw new StartException(
                    StartException.LISTEN, address.setting() + ": the process ends");
        }
        try {
            return listen(address, backlog, settings).join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new StartException(
                    StartException.LISTEN, address.setting() + ": " + cause.getMessage());
        }
    }

    private CompletableFuture<Listener> listen(
            Address address, int backlog, SocketSettings settings) {
        Supplier<EventLoop> chooser =
                () -> loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
        return switch (address) {
            case Tcp(String host, int port) -> {
                var socket = new InetSocketAddress(host, port);
                if (socket.isUnresolved()) {
                    throw new StartException(
                            StartException.LISTEN,
                            "general.host: \"%s\" cannot be resolved to an address"
                                    .formatted(host));
                }
                yield transport.listenTcp(
                        loops.getFirst(), socket, backlog, settings, chooser, onAccept);
            }
            case Unix(Path path, int mode) ->
                    transport.listenUnix(
                            loops.getLast(), path, mode, backlog, settings, chooser, onAccept);
        };
    }
}
