package io.pgdoorman.cli;

import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaOptions;
import io.pgdoorman.config.HbaRequest;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.TlsMode;
import io.pgdoorman.net.HostNames;

import org.jspecify.annotations.Nullable;

import java.io.PrintWriter;
import java.net.InetAddress;
import java.util.Optional;

/**
 * {@code pg_doorman -t --hba USER@DB --from ADDR}: which line of pg_hba decides about a client.
 * Threads: immutable.
 */
record HbaQuestion(HbaRequest request) {
    private static final String LOCAL = "local";

    /**
     * Understands the words of the command line.
     *
     * @param from an address, or {@code local} for the Unix socket
     */
    static HbaQuestion parse(String who, String from, boolean tls) throws UsageException {
        int at = who.lastIndexOf('@');
        if (at <= 0 || at == who.length() - 1) {
            throw new UsageException("--hba must be USER@DATABASE, is " + who);
        }
        boolean local = from.equals(LOCAL);
        if (local && tls) {
            throw new UsageException("there is no TLS on the Unix socket: --from local, --tls");
        }
        return new HbaQuestion(
                new HbaRequest(
                        local,
                        tls,
                        who.substring(at + 1),
                        who.substring(0, at),
                        local ? null : address(from)));
    }

    private static InetAddress address(String text) throws UsageException {
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException notAnAddress) {
            throw new UsageException("--from must be an IP address or local, is " + text);
        }
    }

    /** Prints the answer; returns the exit code. May ask the resolver for a host name. */
    int answer(GeneralConfig general, PrintWriter out) {
        HbaRules rules = general.hba();
        InetAddress peer = request.peer();
        if (peer != null && !request.tls() && general.tls().mode().isRequired()) {
            out.println("tls_mode refuses clients without TLS before any line is looked at");
            printOutcome(out, "refused");
            return ExitCode.FAILURE;
        }
        String name =
                peer != null && rules.unknown(request, null, true) == HbaRules.Unknown.HOST_NAME
                        ? new HostNames().of(peer).join()
                        : "";
        if (!name.isEmpty()) {
            out.printf("%s has the name %s%n", shown(peer), name);
        }
        if (rules.unknown(request, name, false) == HbaRules.Unknown.ROLES) {
            out.println("no line about roles matches here, for nobody is asked who is a member");
        }
        Optional<HbaRule> rule = rules.firstMatch(request, name);
        if (rule.isPresent()) {
            out.printf("%s: %s%n", rule.get().place(), rule.get().text());
        } else {
            out.println("no line matches");
        }
        HbaMethod method = rule.map(HbaRule::method).orElse(HbaMethod.REJECT);
        printOutcome(out, outcome(method));
        rule.filter(_ -> method != HbaMethod.REJECT)
                .map(decided -> certificate(decided.options().certificate(), general.tls().mode()))
                .filter(text -> !text.isEmpty())
                .ifPresent(out::println);
        return method == HbaMethod.REJECT ? ExitCode.FAILURE : ExitCode.OK;
    }

    private void printOutcome(PrintWriter out, String outcome) {
        out.printf(
                "%s to %s from %s%s: %s%n",
                request.user(),
                request.database(),
                shown(request.peer()),
                request.tls() ? " with TLS" : "",
                outcome);
    }

    /** What certificate the client has to show; empty if none. */
    private String certificate(HbaOptions.ClientCertificate asked, TlsMode mode) {
        return switch (asked) {
            case VERIFY_FULL -> "needs a certificate of its own (verify-full)";
            case VERIFY_CA -> "needs a certificate that an authority has signed (verify-ca)";
            case NOT_ASKED ->
                    request.tls() && mode.isVerifying()
                            ? "needs a certificate that an authority has signed (tls_mode)"
                            : "";
        };
    }

    private static String shown(@Nullable InetAddress peer) {
        return peer == null ? LOCAL : peer.getHostAddress();
    }

    private static String outcome(HbaMethod method) {
        return switch (method) {
            case TRUST -> "let in without a password (trust)";
            case REJECT -> "refused";
            case PASSWORD, MD5, SCRAM_SHA_256 ->
                    "asked for a password (%s)".formatted(method.text());
            case CERT -> "let in with a certificate that is the user's (cert)";
            case PAM, LDAP -> "asked for a password in clear text (%s)".formatted(method.text());
            case JWT -> "asked for a token (jwt)";
            case BY_SECRET -> "asked for a password (as the stored secret needs it)";
        };
    }
}
