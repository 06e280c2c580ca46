package io.pgdoorman.config;

import io.pgdoorman.config.HbaOptions.ClientCertificate;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Who may log in from where, by PostgreSQL's rule: the first matching line decides. No match means
 * no. Counts what each line decides; the counts are no part of equality.
 *
 * <p>Threads: any. The rules are immutable, the counts atomic; {@link #continueFrom} is to be
 * called before others see the rules.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-pg-hba-conf.html">The pg_hba.conf
 *     File</a>
 */
public final class HbaRules {
    /** What the rules are from that no file has. */
    private static final String UNWRITTEN = "(default)";

    /** Everybody, with what the stored secret asks for: what holds when no rules are configured. */
    public static final HbaRules ALLOW_ALL =
            new HbaRules(
                    List.of(
                            bySecret(UNWRITTEN, HbaEntry.Type.LOCAL, "", HbaAddress.ANY),
                            bySecret(UNWRITTEN, HbaEntry.Type.HOST, "all", HbaAddress.ANY)),
                    IdentMaps.NONE);

    /**
     * How many connections a line has decided.
     *
     * @param repetition from 0, of lines of one file that say the same
     */
    public record Hits(String file, String text, int repetition, long count) {
        private Hits without() {
            return new Hits(file, text, repetition, 0);
        }
    }

    /** What it takes to tell which rule decides. */
    public enum Unknown {
        NOTHING,
        HOST_NAME,
        ROLES
    }

    private final List<HbaEntry> entries;
    private final IdentMaps maps;
    private final AtomicLong[] hits;

    private HbaRules(List<HbaEntry> entries, IdentMaps maps) {
        this.entries = List.copyOf(entries);
        this.maps = maps;
        this.hits = new AtomicLong[entries.size()];
        for (int i = 0; i < hits.length; i++) {
            hits[i] = new AtomicLong();
        }
    }

    // ---- reading --------------------------------------------------------------------------------

    /**
     * Reads rule text. Problems name {@code source} and the line; a line with an error is left out,
     * so the rules are good only if there was none. Never throws.
     *
     * @param directory where the files are that the text names without theirs
     */
    public static HbaRules parse(
            String text, String source, Path directory, Consumer<Problem> problems) {
        return parse(text, source, directory, IdentMaps.NONE, problems);
    }

    /**
     * As {@link #parse}.
     *
     * @param maps that options may name
     */
    static HbaRules parse(
            String text,
            String source,
            Path directory,
            IdentMaps maps,
            Consumer<Problem> problems) {
        var parser = new HbaParser(OwnNetworks::current, maps, problems);
        var files = new HbaFiles(problems);
        return of(files, files.lines(text, source, directory), source, parser, maps, problems);
    }

    static HbaRules parse(
            String text,
            String source,
            Path directory,
            Supplier<OwnNetworks> own,
            Consumer<Problem> problems) {
        var parser = new HbaParser(own, IdentMaps.NONE, problems);
        var files = new HbaFiles(problems);
        List<HbaFiles.Line> lines = files.lines(text, source, directory);
        return of(files, lines, source, parser, IdentMaps.NONE, problems);
    }

    /** As {@link #parse}, of a file. */
    static HbaRules read(Path file, IdentMaps maps, Consumer<Problem> problems) {
        var parser = new HbaParser(OwnNetworks::current, maps, problems);
        var files = new HbaFiles(problems);
        return of(files, files.lines(file), file.toString(), parser, maps, problems);
    }

    private static HbaRules of(
            HbaFiles files,
            List<HbaFiles.Line> lines,
            String source,
            HbaParser parser,
            IdentMaps maps,
            Consumer<Problem> problems) {
        List<HbaEntry> entries = parser.parse(lines);
        if (lines.isEmpty() && !files.failed()) {
            problems.accept(
                    new Problem(
                            Problem.Severity.WARNING,
                            source,
                            OptionalInt.empty(),
                            "",
                            "has no rule, so nobody can log in",
                            Optional.empty()));
        }
        return new HbaRules(entries, maps);
    }

    /**
     * Reports lines that cannot work as TLS is set up.
     *
     * @param certificate clients can have TLS
     * @param authorities their certificates can be verified
     */
    void checkTls(boolean certificate, boolean authorities, Consumer<Problem> problems) {
        for (HbaEntry entry : entries) {
            HbaRule rule = entry.rule();
            boolean verifies = rule.options().certificate() != ClientCertificate.NOT_ASKED;
            if (verifies && !authorities) {
                problems.accept(
                        rule.problem(
                                Problem.Severity.ERROR,
                                "client certificates cannot be verified: tls_ca_cert is not set"));
            } else if (entry.type() == HbaEntry.Type.HOSTSSL
                    && !certificate
                    && rule.method() != HbaMethod.REJECT) {
                problems.accept(
                        rule.problem(
                                Problem.Severity.WARNING,
                                "hostssl never matches: tls_certificate is not set"));
            }
        }
    }

    /**
     * Reports lines about roles that nobody can be asked about.
     *
     * @param pools those without {@code auth_query}
     */
    void checkRoles(Set<String> pools, Consumer<Problem> problems) {
        for (HbaEntry entry : entries) {
            if (!entry.needsRoles()) {
                continue;
            }
            pools.stream()
                    .filter(pool -> entry.databases().mayBeAbout(pool))
                    .min(Comparator.naturalOrder())
                    .ifPresent(
                            pool ->
                                    problems.accept(
                                            entry.rule()
                                                    .problem(
                                                            Problem.Severity.ERROR,
                                                            "who is a member of a role is asked by auth_query, which pool %s does not have"
                                                                    .formatted(pool))));
        }
    }

    /** The rules a list of networks stands for: Unix sockets pass, TCP only from these networks. */
    static HbaRules fromNetworks(List<Cidr> networks) {
        String source = ListenKeys.HBA.name();
        var entries = new ArrayList<HbaEntry>();
        entries.add(bySecret(source, HbaEntry.Type.LOCAL, "", HbaAddress.ANY));
        for (Cidr network : networks) {
            entries.add(
                    bySecret(
                            source,
                            HbaEntry.Type.HOST,
                            network.toString(),
                            new HbaAddress.Networks(List.of(network))));
        }
        return new HbaRules(entries, IdentMaps.NONE);
    }

    private static HbaEntry bySecret(
            String source, HbaEntry.Type type, String shown, HbaAddress address) {
        String word = type == HbaEntry.Type.LOCAL ? "local" : "host";
        return new HbaEntry(
                new HbaRule(
                        source,
                        0,
                        word,
                        "all",
                        "all",
                        shown,
                        "",
                        HbaMethod.BY_SECRET,
                        HbaOptions.NONE),
                type,
                HbaNames.ALL,
                HbaNames.ALL,
                address);
    }

    // ---- deciding -------------------------------------------------------------------------------

    /**
     * What has to be found out before {@link #decide} can be called: what the first line needs that
     * may match, as far as is known. Of a line that needs both the name of the host comes first.
     *
     * @param hostName of the client's address, as in {@link #decide}; null if it is not known yet
     * @param rolesKnown the request has the user's roles
     */
    public Unknown unknown(HbaRequest request, @Nullable String hostName, boolean rolesKnown) {
        for (HbaEntry entry : entries) {
            if (!entry.mayMatch(request, hostName, rolesKnown)) {
                continue;
            }
            if (hostName == null && entry.isByHostName()) {
                return Unknown.HOST_NAME;
            }
            return entry.matches(request, hostName == null ? "" : hostName)
                    ? Unknown.NOTHING
                    : Unknown.ROLES;
        }
        return Unknown.NOTHING;
    }

    /**
     * The rule that decides; empty if none matches, and then the client is refused.
     *
     * @param hostName of the client's address, verified; empty if there is none
     */
    public Optional<HbaRule> firstMatch(HbaRequest request, String hostName) {
        int index = indexOfMatch(request, hostName);
        return index < 0 ? Optional.empty() : Optional.of(entries.get(index).rule());
    }

    /** As {@link #firstMatch}, and counts. */
    public Optional<HbaRule> decide(HbaRequest request, String hostName) {
        int index = indexOfMatch(request, hostName);
        if (index < 0) {
            return Optional.empty();
        }
        hits[index].incrementAndGet();
        return Optional.of(entries.get(index).rule());
    }

    /**
     * Whether somebody whom another authority knows by {@code identity} may log in as {@code user},
     * as the rule's map says; without one the names must be the same.
     */
    public boolean mayBe(HbaRule rule, String identity, String user) {
        String map = rule.options().map();
        return map.isEmpty() ? identity.equals(user) : maps.allows(map, identity, user);
    }

    private int indexOfMatch(HbaRequest request, String hostName) {
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).matches(request, hostName)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether a line is about members of roles. */
    public boolean nameRoles() {
        return entries.stream().anyMatch(HbaEntry::needsRoles);
    }

    /** In the order they are tried. */
    public List<HbaRule> rules() {
        return entries.stream().map(HbaEntry::rule).toList();
    }

    // ---- counts ---------------------------------------------------------------------------------

    /** One for each of {@link #rules}. */
    public List<Hits> hits() {
        var all = new ArrayList<Hits>(entries.size());
        Map<Hits, Integer> repetitions = new HashMap<>();
        for (int i = 0; i < hits.length; i++) {
            HbaRule rule = entries.get(i).rule();
            var first = new Hits(rule.file(), rule.text(), 0, 0);
            int repetition = repetitions.merge(first, 1, Integer::sum) - 1;
            all.add(new Hits(rule.file(), rule.text(), repetition, hits[i].get()));
        }
        return all;
    }

    /** The count of each line that {@code before} has too, in the same file, is one with its. */
    public void continueFrom(HbaRules before) {
        Map<Hits, AtomicLong> known = new HashMap<>();
        List<Hits> old = before.hits();
        for (int i = 0; i < old.size(); i++) {
            known.put(old.get(i).without(), before.hits[i]);
        }
        List<Hits> own = hits();
        for (int i = 0; i < hits.length; i++) {
            hits[i] = known.getOrDefault(own.get(i).without(), hits[i]);
        }
    }

    /** Adds what another process has counted; lines that are not here any more are left out. */
    public void inherit(List<Hits> counted) {
        Map<Hits, Integer> indexes = new HashMap<>();
        List<Hits> own = hits();
        for (int i = 0; i < own.size(); i++) {
            indexes.put(own.get(i).without(), i);
        }
        for (Hits each : counted) {
            Integer index = indexes.get(each.without());
            if (index != null) {
                hits[index].addAndGet(each.count());
            }
        }
    }

    // ---- object ---------------------------------------------------------------------------------

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof HbaRules that
                && entries.equals(that.entries)
                && maps.equals(that.maps);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(entries);
    }

    @Override
    public String toString() {
        return "HbaRules" + entries.stream().map(entry -> entry.rule().text()).toList();
    }
}
