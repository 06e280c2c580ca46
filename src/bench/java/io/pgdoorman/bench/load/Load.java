package io.pgdoorman.bench.load;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MICROSECONDS;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * The program. Arguments: port of the pooler, port of PostgreSQL, numbers of busy, silent and
 * direct clients, microseconds that a busy client pauses, and a direct one, and whether all come by
 * TLS ({@code true} or {@code false}).
 *
 * <p>It says {@code ready NANOS} when all are logged in and the load runs, and then does what it is
 * told on standard input, until that ends. Times are nanoseconds of the monotonic clock.
 *
 * <ul>
 *   <li>{@code silent FROM TO}: each silent client sends one query at a random moment.
 *   <li>{@code cut FILE}: writes all records since the last cut to the file, three 64-bit numbers
 *       each, and answers {@code cut LOST FAILED COLLECTIONS}, counted from the start: clients that
 *       were lost, new ones that failed, garbage collections.
 * </ul>
 *
 * A client that is lost is told of as {@code lost CLIENT NANOS WHY}.
 *
 * <p>Threads: the main thread listens; the loop, the ticker and the new clients have one each.
 */
final class Load {
    private final LoadLoop loop;
    private final Ticker ticker = new Ticker();
    private final NewClients newClients;
    private final Recorder[] recorders;
    private final long[] copied;
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(1 << 20).order(ByteOrder.nativeOrder());

    private Load(LoadLoop loop, NewClients newClients) {
        this.loop = loop;
        this.newClients = newClients;
        recorders = new Recorder[] {loop.recorder, ticker.recorder, newClients.recorder};
        copied = new long[recorders.length];
    }

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(args[0]);
        int postgres = Integer.parseInt(args[1]);
        var kinds =
                new LoadLoop.Clients(
                        Integer.parseInt(args[2]),
                        Integer.parseInt(args[3]),
                        Integer.parseInt(args[4]),
                        MICROSECONDS.toNanos(Long.parseLong(args[5])),
                        MICROSECONDS.toNanos(Long.parseLong(args[6])));
        boolean tls = Boolean.parseBoolean(args[7]);
        var clients = new Connection[kinds.all()];
        for (int i = 0; i < clients.length; i++) {
            var query = i % 2 == 0 ? Query.simple(i) : Query.extended(i);
            clients[i] = Connection.open(i, kinds.isDirect(i) ? postgres : port, tls, query);
        }
        new Load(new LoadLoop(kinds, clients), new NewClients(port, tls)).listen();
    }

    private void listen() throws IOException {
        start("load", loop);
        start("ticker", ticker);
        start("new-clients", newClients);
        System.out.println("ready " + System.nanoTime());
        var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "silent" ->
                        onLoop(
                                () -> {
                                    loop.silent(Long.parseLong(words[1]), Long.parseLong(words[2]));
                                    return 0;
                                });
                case "cut" -> System.out.println(cut(Path.of(words[1])));
                default -> throw new IOException("unknown command: " + line);
            }
        }
        onLoop(
                () -> {
                    loop.end();
                    return 0;
                });
    }

    private String cut(Path path) throws IOException {
        long lost =
                onLoop(
                        () -> {
                            loop.noteWaiting();
                            return loop.lost();
                        });
        try (var file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int i = 0; i < recorders.length; i++) {
                long to = recorders[i].count();
                recorders[i].copy(copied[i], to, file, buffer);
                copied[i] = to;
            }
            long waiting = newClients.began();
            if (waiting != 0) {
                var one = new Recorder(1);
                one.add(NewClients.WHO, waiting, 0);
                one.copy(0, 1, file, buffer);
            }
        }
        long collections =
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .mapToLong(bean -> bean.getCollectionCount())
                        .sum();
        return "cut %d %d %d".formatted(lost, newClients.failed(), collections);
    }

    private long onLoop(LongSupplier command) {
        var done = new CompletableFuture<Long>();
        loop.execute(() -> done.complete(command.getAsLong()));
        return done.join();
    }

    private static void start(String name, Runnable work) {
        Thread.ofPlatform()
                .daemon()
                .name(name)
                .uncaughtExceptionHandler(
                        (_, failure) -> {
                            failure.printStackTrace();
                            Runtime.getRuntime().halt(1);
                        })
                .start(work);
    }
}
