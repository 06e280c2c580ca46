package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Who may log in from where, by PostgreSQL's rule: the first matching line decides. No match means
 * no.
 *
 * <p>Threads: immutable.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-pg-hba-conf.html">The pg_hba.conf
 *     File</a>
 */
public final class HbaRules {
    /** Everybody, with what the stored secret asks for: what holds when no rules are configured. */
    public static final HbaRules ALLOW_ALL =
            new HbaRules(
                    List.of(
                            bySecret(HbaEntry.Type.LOCAL, "local all all", true, List.of()),
                            bySecret(HbaEntry.Type.HOST, "host all all all", true, List.of())));

    private final List<HbaEntry> entries;

    private HbaRules(List<HbaEntry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * Reads rule text. Problems name {@code source} and the line; a line with an error is left out,
     * so the rules are good only if there was none. Never throws.
     */
    public static HbaRules parse(String text, String source, Consumer<Problem> problems) {
        return parse(text, source, OwnNetworks::current, problems);
    }

    static HbaRules parse(
            String text, String source, Supplier<OwnNetworks> own, Consumer<Problem> problems) {
        return new HbaRules(new HbaParser(source, own, problems).parse(text));
    }

    /** The rules a list of networks stands for: Unix sockets pass, TCP only from these networks. */
    static HbaRules fromNetworks(List<Cidr> networks) {
        var entries = new ArrayList<HbaEntry>();
        entries.add(bySecret(HbaEntry.Type.LOCAL, "local all all", true, List.of()));
        for (Cidr network : networks) {
            entries.add(
                    bySecret(
                            HbaEntry.Type.HOST,
                            "host all all " + network,
                            false,
                            List.of(network)));
        }
        return new HbaRules(entries);
    }

    /** The rule that decides; empty if none matches, and then the client is refused. */
    public Optional<HbaRule> firstMatch(HbaRequest request) {
        for (HbaEntry entry : entries) {
            if (entry.matches(request)) {
                return Optional.of(entry.rule());
            }
        }
        return Optional.empty();
    }

    /** In the order they are tried. */
    public List<HbaRule> rules() {
        return entries.stream().map(HbaEntry::rule).toList();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof HbaRules that && entries.equals(that.entries);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(entries);
    }

    @Override
    public String toString() {
        return "HbaRules" + rules();
    }

    private static HbaEntry bySecret(
            HbaEntry.Type type, String text, boolean anyAddress, List<Cidr> networks) {
        var any = List.<HbaEntry.Name>of(new HbaEntry.Name.Any());
        return new HbaEntry(
                new HbaRule(0, text, HbaMethod.BY_SECRET), type, any, any, anyAddress, networks);
    }
}
