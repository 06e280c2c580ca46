package io.pgdoorman.runtime;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.handover.PassedListener;
import io.pgdoorman.net.Listener;
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.net.Posix;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The sockets clients connect to: opened at the start, changed by a reload, closed at the end.
 *
 * <p>Threads: the control thread; the end of the process may come on any other, so everything is
 * done under one lock. Once closed, nothing is opened any more.
 */
final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    private static final int ANY_PORT = 0;

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
    private final LoopChoice choice;
    private final Map<Address, Listener> open = new LinkedHashMap<>();
    private boolean closed;

    /** Sockets that are another process's as well: their files stay when they are closed here. */
    private final Set<Listener> foreign = new HashSet<>();

    /** Nothing is accepted: another process does, or will. */
    private boolean paused;

    Listeners(
            Transport transport,
            List<EventLoop> loops,
            LoopChoice choice,
            Consumer<Channel> onAccept) {
        this.transport = transport;
        this.loops = loops;
        this.choice = choice;
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
            added.values().forEach(this::close);
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

    // ---- shared with another process -----------------------------------------------------------

    /** The sockets, in the order of {@link #all}. */
    synchronized List<PassedListener> passed() {
        List<PassedListener> passed = new ArrayList<>();
        open.forEach(
                (address, listener) ->
                        passed.add(
                                switch (address) {
                                    case Tcp(String host, int port) ->
                                            new PassedListener(
                                                    PassedListener.Kind.TCP,
                                                    host,
                                                    port,
                                                    listener.fd());
                                    case Unix(Path path, _) ->
                                            new PassedListener(
                                                    PassedListener.Kind.UNIX,
                                                    path.toString(),
                                                    0,
                                                    listener.fd());
                                }));
        return passed;
    }

    /**
     * Opens all addresses of the configuration, paused: on a socket of another process where there
     * is one, else on a new one. One that stands in the way of a new address is taken as it is, for
     * {@link #apply} to replace it when the other process is gone; whether this machine has the new
     * address is found out now.
     *
     * @param passed all descriptors are this object's from now on
     * @return places of those that are open now
     * @throws StartException an address cannot be opened; then none is
     */
    synchronized Set<Integer> adopt(
            GeneralConfig.Listen listen, SocketSettings settings, List<PassedListener> passed) {
        paused = true;
        List<Address> wanted = addresses(listen);
        Set<Integer> taken = new HashSet<>();
        try {
            for (int i = 0; i < passed.size(); i++) {
                PassedListener socket = passed.get(i);
                Address fitting = fitting(socket, wanted, listen.unixSocketMode());
                if (fitting == null) {
                    Posix.close(socket.fd());
                } else {
                    Listener listener = adopt(fitting, socket.fd(), settings);
                    foreign.add(listener);
                    open.put(fitting, listener);
                    taken.add(i);
                }
            }
            for (Address address : wanted) {
                if (open.keySet().stream().noneMatch(old -> overlaps(old, address))) {
                    open.put(address, bind(address, listen.backlog(), settings));
                } else if (!open.containsKey(address) && address instanceof Tcp(String host, _)) {
                    close(bind(new Tcp(host, ANY_PORT), 1, settings));
                }
            }
        } catch (StartException e) {
            List.copyOf(open.keySet()).forEach(this::close);
            throw e;
        }
        return taken;
    }

    /** The address under which a socket is taken: a wanted one, or its own in the way of one. */
    private static @Nullable Address fitting(
            PassedListener socket, List<Address> wanted, int unixMode) {
        Address own =
                socket.kind() == PassedListener.Kind.TCP
                        ? new Tcp(socket.host(), socket.port())
                        : new Unix(Path.of(socket.host()), unixMode);
        return wanted.stream().anyMatch(address -> overlaps(own, address)) ? own : null;
    }

    private Listener adopt(Address address, int fd, SocketSettings settings) {
        Listener listener =
                joined(
                        address,
                        transport.adoptListener(
                                loops.getFirst(), fd, settings, choice, onAccept, paused));
        if (address instanceof Unix(Path path, int mode)) {
            try {
                Posix.chmod(path, mode);
            } catch (IOException e) {
                LOG.warn("{}: unix_socket_mode is not in effect: {}", path, e.getMessage());
            }
        }
        return listener;
    }

    /** The other process is gone. */
    synchronized void own() {
        foreign.clear();
    }

    /** Accepts no more; who connects waits in the kernel's queue. */
    synchronized void pause() {
        paused = true;
        open.values().forEach(listener -> listener.pause().join());
    }

    synchronized void resume() {
        paused = false;
        open.values().forEach(listener -> listener.resume().join());
    }

    /**
     * Closes this process's descriptors.
     *
     * @param taken places of the sockets another process goes on with
     */
    synchronized void release(Set<Integer> taken) {
        closed = true;
        int place = 0;
        for (Listener listener : open.values()) {
            if (taken.contains(place++)) {
                listener.closeAfterHandover().join();
            } else {
                close(listener);
            }
        }
        open.clear();
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

    private void close(Listener listener) {
        try {
            (foreign.remove(listener) ? listener.closeAfterHandover() : listener.close())
                    .get(1, TimeUnit.SECONDS);
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
        return joined(address, listen(address, backlog, settings));
    }

    private static Listener joined(Address address, CompletableFuture<Listener> opening) {
        try {
            return opening.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new StartException(
                    StartException.LISTEN, address.setting() + ": " + cause.getMessage());
        }
    }

    private CompletableFuture<Listener> listen(
            Address address, int backlog, SocketSettings settings) {
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
                        loops.getFirst(), socket, backlog, settings, choice, onAccept, paused);
            }
            case Unix(Path path, int mode) ->
                    transport.listenUnix(
                            loops.getLast(),
                            path,
                            mode,
                            backlog,
                            settings,
                            choice,
                            onAccept,
                            paused);
        };
    }
}
