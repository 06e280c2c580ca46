package io.pgdoorman.authority;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.WireStrings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A PAM service that checks passwords, and whether the account may be used, as PostgreSQL's method
 * pam does it.
 *
 * <p>Threads: any asks; modules block the threads of {@link Questions}.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-pam.html">PAM Authentication</a>
 */
public final class PamAuthority implements Authority {
    /** The service that PostgreSQL asks unless a rule names another. */
    public static final String DEFAULT_SERVICE = "postgresql";

    /** Modules may delay the answer to a wrong password by seconds, or ask a telephone. */
    private static final Duration LIMIT = Duration.ofSeconds(45);

    private static final int AT_ONCE = 32;
    private static final int PAM_RHOST = 4;
    private static final int PAM_SUCCESS = 0;
    private static final String LOCAL = "[local]"; // PostgreSQL's name of a Unix socket's client

    /**
     * Codes that are about the service, not about the user: PAM_OPEN_ERR, PAM_SYMBOL_ERR,
     * PAM_BUF_ERR, PAM_AUTHINFO_UNAVAIL, PAM_CONV_ERR, PAM_ABORT, PAM_MODULE_UNKNOWN.
     */
    private static final Set<Integer> FAULTS = Set.of(1, 2, 5, 9, 19, 26, 28);

    private final String service;
    private final Function<String, CompletableFuture<String>> host;
    private final Optional<Path> directory;
    private final Questions questions;

    /**
     * @param host says by a client's address what modules hear of where it comes from
     */
    public PamAuthority(String service, Function<String, CompletableFuture<String>> host) {
        this(service, host, Optional.empty(), LIMIT);
    }

    /**
     * @param directory where the service's file is, if not where the system has them
     */
    PamAuthority(
            String service,
            Function<String, CompletableFuture<String>> host,
            Optional<Path> directory,
            Duration limit) {
        this.service = service;
        this.host = host;
        this.directory = directory;
        this.questions = new Questions("PAM service " + service, AT_ONCE, limit);
    }

    /** Why there is no PAM; empty if there is. Loads the library. */
    public static Optional<String> problem() {
        try {
            PamLibrary.load();
            return Optional.empty();
        } catch (LinkageError e) {
            return Optional.of(
                    "PAM cannot be used: there is no %s; install the package libpam0g (Debian, Ubuntu), pam (Fedora, RHEL) or linux-pam (Alpine)"
                            .formatted(PamLibrary.NAME));
        }
    }

    @Override
    public String name() {
        return "PAM";
    }

    @Override
    public CompletableFuture<Verdict> ask(ClientLogin login, Bytes password) {
        if (password.isEmpty()) {
            // As PostgreSQL, which lets no module hear of it.
            return CompletableFuture.completedFuture(new Verdict.Unknown("the password is empty"));
        }
        return host.apply(addressOf(login))
                .thenCompose(from -> questions.ask(() -> check(login.user(), from, password)));
    }

    /** The address alone; empty on a Unix socket. */
    private static String addressOf(ClientLogin login) {
        String peer = login.peer();
        int port = peer.lastIndexOf(':');
        return peer.startsWith("unix:") || port < 0 ? "" : peer.substring(0, port);
    }

    private Verdict check(String user, String from, Bytes password) throws AuthorityException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment conversation = new PamConversation(service, password).in(arena);
            MemorySegment out = arena.allocate(ADDRESS);
            int code = start(arena, user, conversation, out);
            MemorySegment handle = out.get(ADDRESS, 0);
            if (code != PAM_SUCCESS) {
                throw fault("pam_start", handle, code);
            }
            try {
                String step = "pam_set_item";
                code =
                        PamLibrary.setItem(
                                handle, PAM_RHOST, text(arena, from.isEmpty() ? LOCAL : from));
                if (code == PAM_SUCCESS) {
                    step = "pam_authenticate";
                    code = PamLibrary.authenticate(handle);
                }
                if (code == PAM_SUCCESS) {
                    step = "pam_acct_mgmt";
                    code = PamLibrary.checkAccount(handle);
                }
                if (code == PAM_SUCCESS) {
                    return new Verdict.Known(user);
                }
                if (FAULTS.contains(code)) {
                    throw fault(step, handle, code);
                }
                return new Verdict.Unknown(
                        "%s: %s".formatted(step, PamLibrary.message(handle, code)));
            } finally {
                PamLibrary.end(handle, code);
            }
        }
    }

    private int start(Arena arena, String user, MemorySegment conversation, MemorySegment handle) {
        MemorySegment name = text(arena, user);
        MemorySegment of = text(arena, service);
        return directory
                .map(
                        path ->
                                PamLibrary.startIn(
                                        text(arena, path.toString()),
                                        of,
                                        name,
                                        conversation,
                                        handle))
                .orElseGet(() -> PamLibrary.start(of, name, conversation, handle));
    }

    private AuthorityException fault(String step, MemorySegment handle, int code) {
        return new AuthorityException(
                "PAM service %s: %s: %s"
                        .formatted(service, step, PamLibrary.message(handle, code)));
    }

    /** A C string. */
    private static MemorySegment text(Arena arena, String text) {
        byte[] bytes = WireStrings.toBytes(text);
        MemorySegment copy = arena.allocate(bytes.length + 1L); // all zero
        MemorySegment.copy(bytes, 0, copy, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return copy;
    }
}
