package io.pgdoorman.secret;

import io.pgdoorman.config.Secret;
import io.pgdoorman.shell.ShellCommand;
import io.pgdoorman.shell.ShellException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Fetches passwords from where they are, each at most once at a time, whoever waits for it. What a
 * command wrote is kept for a while; files are read anew at each login, so a file that was replaced
 * counts at once.
 *
 * <p>Threads: any; one lock, never held while something is fetched, which happens on a thread of
 * its own.
 */
public final class Secrets {
    private static final Logger LOG = LoggerFactory.getLogger(Secrets.class);

    /** Of a command; its first line is all that counts. */
    private static final int MAX_WRITTEN_BYTES = 64 * 1024;

    private record Kept(Secret secret, long fetchedNanos) {}

    private final LongSupplier nanoTime;

    // guarded by this
    private final Map<SecretOrigin, CompletableFuture<Secret>> flights = new HashMap<>();
    private final Map<SecretOrigin, Kept> kept = new HashMap<>();
    private final Set<Path> warned = new HashSet<>();

    public Secrets() {
        this(System::nanoTime);
    }

    Secrets(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * The password of this moment. Fails with {@link SecretException}, which is logged already.
     * Completes at once, or on a thread where callbacks should not block for long.
     */
    public CompletableFuture<Secret> get(SecretOrigin origin) {
        CompletableFuture<Secret> flight;
        synchronized (this) {
            Kept known = kept.get(origin);
            if (known != null && !isOver(origin, known)) {
                return CompletableFuture.completedFuture(known.secret());
            }
            CompletableFuture<Secret> present = flights.get(origin);
            if (present != null) {
                return present.copy();
            }
            flight = new CompletableFuture<>();
            flights.put(origin, flight);
        }
        var answer = flight.copy();
        Thread.ofVirtual().name("secret").start(() -> fetch(origin, flight));
        return answer;
    }

    /** PostgreSQL refused a password: whoever asks from now on gets another, if there is one. */
    public CompletableFuture<Secret> renew(SecretOrigin origin, Secret refused) {
        synchronized (this) {
            Kept known = kept.get(origin);
            if (known != null && known.secret().equals(refused)) {
                kept.remove(origin);
            }
        }
        return get(origin);
    }

    /** A reload: commands are run again, and what there is to warn of is said again. */
    public synchronized void forget() {
        kept.clear();
        warned.clear();
    }

    private boolean isOver(SecretOrigin origin, Kept known) {
        Duration age =
                origin instanceof SecretOrigin.Command command ? command.maxAge() : Duration.ZERO;
        return nanoTime.getAsLong() - known.fetchedNanos() >= age.toNanos();
    }

    private void fetch(SecretOrigin origin, CompletableFuture<Secret> flight) {
        long began = nanoTime.getAsLong();
        try {
            Secret secret = Secret.of(read(origin));
            warning(origin).ifPresent(text -> warn(origin, text));
            synchronized (this) {
                flights.remove(origin, flight);
                if (origin instanceof SecretOrigin.Command) {
                    kept.put(origin, new Kept(secret, began));
                }
            }
            flight.complete(secret);
        } catch (SecretException e) {
            LOG.warn("a password for PostgreSQL is not to be had: {}", e.getMessage());
            fail(origin, flight, e);
        } catch (RuntimeException | Error e) {
            LOG.error("a password for PostgreSQL is not to be had: {}", origin, e);
            fail(origin, flight, e);
        }
    }

    private void fail(SecretOrigin origin, CompletableFuture<Secret> flight, Throwable failure) {
        synchronized (this) {
            flights.remove(origin, flight);
        }
        flight.completeExceptionally(failure);
    }

    private void warn(SecretOrigin origin, String text) {
        boolean first;
        synchronized (this) {
            first = pathOf(origin).map(warned::add).orElse(true);
        }
        if (first) {
            LOG.warn("{}", text);
        }
    }

    private static String read(SecretOrigin origin) throws SecretException {
        return switch (origin) {
            case SecretOrigin.File(Path path) ->
                    SecretFiles.firstLine(SecretFiles.text(path), path.toString());
            case SecretOrigin.Command command -> ofCommand(command);
            case SecretOrigin.PassFile login -> ofPassFile(login);
            case SecretOrigin.TokenKey(Path path, String user) ->
                    TokenSigner.of(path).sign(user, Instant.now());
        };
    }

    private static String ofCommand(SecretOrigin.Command origin) throws SecretException {
        try {
            byte[] written =
                    ShellCommand.run(
                            origin.command(), Map.of(), origin.timeout(), MAX_WRITTEN_BYTES);
            return SecretFiles.firstLine(
                    SecretFiles.text(written, origin.toString()), origin.toString());
        } catch (ShellException e) {
            String what = e.isLate() ? " (see password_command_timeout)" : "";
            throw new SecretException(origin + ": " + e.getMessage() + what, e);
        }
    }

    /** As libpq, which takes no password from a file that others may read. */
    private static String ofPassFile(SecretOrigin.PassFile login) throws SecretException {
        String text = SecretFiles.text(login.path());
        String loose = SecretFiles.looseness(login.path());
        if (loose != null) {
            throw new SecretException(loose + ": it is not used");
        }
        String password = PassFile.find(text, login);
        if (password == null || password.isEmpty()) {
            throw new SecretException(
                    "%s: has no password for %s:%d:%s:%s"
                            .formatted(
                                    login.path(),
                                    login.host(),
                                    login.port(),
                                    login.database(),
                                    login.user()));
        }
        return password;
    }

    /**
     * What is wrong with an origin, as far as can be told without running a command; for the check
     * of a configuration. Blocks.
     */
    public static Optional<String> check(SecretOrigin origin) {
        if (origin instanceof SecretOrigin.Command) {
            return Optional.empty();
        }
        try {
            Objects.requireNonNull(read(origin));
            return warning(origin);
        } catch (SecretException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** What is wrong with who may read a file that holds secrets beside other things. Blocks. */
    public static Optional<String> checkReaders(Path file) {
        return Optional.ofNullable(SecretFiles.publicity(file));
    }

    private static Optional<String> warning(SecretOrigin origin) {
        return pathOf(origin).map(SecretFiles::looseness);
    }

    private static Optional<Path> pathOf(SecretOrigin origin) {
        return switch (origin) {
            case SecretOrigin.File(Path path) -> Optional.of(path);
            case SecretOrigin.PassFile login -> Optional.of(login.path());
            case SecretOrigin.TokenKey(Path path, String _) -> Optional.of(path);
            case SecretOrigin.Command _ -> Optional.empty();
        };
    }
}
