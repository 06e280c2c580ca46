package io.pgdoorman.config;

import io.pgdoorman.config.HbaFiles.Field;
import io.pgdoorman.config.HbaFiles.Line;
import io.pgdoorman.config.HbaTokens.Token;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Makes rules of lines. A line that is not fully understood is an error: to skip it could let in
 * whom it was to keep out. Threads: confined to one call.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-pg-hba-conf.html">The pg_hba.conf
 *     File</a>
 */
final class HbaParser {
    private static final Map<String, HbaEntry.Type> TYPES =
            Map.of(
                    "local", HbaEntry.Type.LOCAL,
                    "host", HbaEntry.Type.HOST,
                    "hostssl", HbaEntry.Type.HOSTSSL,
                    "hostnossl", HbaEntry.Type.HOSTNOSSL,
                    "hostgssenc", HbaEntry.Type.HOSTGSSENC,
                    // every connection is one without GSSAPI encryption
                    "hostnogssenc", HbaEntry.Type.HOST);

    private final Supplier<OwnNetworks> own;
    private final IdentMaps maps;
    private final Consumer<Problem> problems;
    private String file = "";
    private int line;

    HbaParser(Supplier<OwnNetworks> own, IdentMaps maps, Consumer<Problem> problems) {
        this.own = own;
        this.maps = maps;
        this.problems = problems;
    }

    /** Rules of all lines that are good; what is wrong with others is reported. */
    List<HbaEntry> parse(List<Line> lines) {
        var entries = new ArrayList<HbaEntry>();
        for (Line each : lines) {
            file = each.file();
            line = each.number();
            parseLine(each.fields()).ifPresent(entries::add);
        }
        return List.copyOf(entries);
    }

    private Optional<HbaEntry> parseLine(List<Field> fields) {
        Field first = fields.getFirst();
        HbaEntry.Type type =
                first.tokens().size() == 1
                        ? TYPES.get(first.first().text().toLowerCase(Locale.ROOT))
                        : null;
        if (type == null) {
            return error("unknown connection type " + first.shown());
        }
        if (type == HbaEntry.Type.HOSTGSSENC) {
            warn("hostgssenc never matches: there is no GSSAPI here");
        }
        boolean local = type == HbaEntry.Type.LOCAL;
        int least = local ? 4 : 5;
        if (fields.size() < least) {
            String shape =
                    local ? "local DATABASE USER METHOD" : "host DATABASE USER ADDRESS METHOD";
            return error("too few fields, expected " + shape);
        }
        Optional<HbaNames> databases = names(fields.get(1), true);
        Optional<HbaNames> users = names(fields.get(2), false);
        boolean masked = !local && isMasked(fields.get(3), fields.get(4));
        int methodAt = masked ? least : least - 1;
        if (methodAt >= fields.size()) {
            return error("too few fields, the method is missing");
        }
        Optional<HbaAddress> address =
                local
                        ? Optional.of(HbaAddress.ANY)
                        : masked ? masked(fields.get(3), fields.get(4)) : address(fields.get(3));
        // Without a good address it is not known where the method stands.
        Optional<HbaMethod> method =
                address.isEmpty() ? Optional.empty() : method(fields.get(methodAt));
        Optional<HbaOptions> options =
                method.flatMap(
                        known ->
                                new HbaOptionsParser(type, known, maps, this::error)
                                        .parse(fields.subList(methodAt + 1, fields.size())));
        if (databases.isEmpty() || users.isEmpty() || method.isEmpty() || options.isEmpty()) {
            return Optional.empty();
        }
        var rule =
                new HbaRule(
                        file,
                        line,
                        first.shown(),
                        fields.get(1).shown(),
                        fields.get(2).shown(),
                        local ? "" : fields.get(3).shown(),
                        masked ? fields.get(4).shown() : "",
                        method.get(),
                        options.get());
        return Optional.of(new HbaEntry(rule, type, databases.get(), users.get(), address.get()));
    }

    // ---- names ----------------------------------------------------------------------------------

    private Optional<HbaNames> names(Field field, boolean database) {
        boolean all = false;
        boolean sameUser = false;
        boolean sameRole = false;
        boolean good = true;
        var roles = new HashSet<String>();
        var names = new HashSet<String>();
        var patterns = new ArrayList<HbaPattern>();
        for (Token token : field.tokens()) {
            String text = token.text();
            if (token.is("all")) {
                all = true;
            } else if (database && token.is("sameuser")) {
                sameUser = true;
            } else if (database && (token.is("samerole") || token.is("samegroup"))) {
                sameRole = true;
            } else if (!database && !token.quoted() && text.startsWith("+")) {
                if (text.length() == 1) {
                    error("+ without the name of a role");
                    good = false;
                }
                roles.add(text.substring(1));
            } else if (text.startsWith("/")) { // quoted ones, too
                good &= pattern(text, patterns);
            } else if (!database || !token.is("replication")) {
                // replication stands for connections that the pooler does not take
                names.add(text);
                if (!token.quoted() && text.equalsIgnoreCase("all")) {
                    warn("%s is a name here, the keyword for everything is all".formatted(text));
                }
            }
        }
        return good
                ? Optional.of(new HbaNames(all, sameUser, sameRole, roles, names, patterns))
                : Optional.empty();
    }

    private boolean pattern(String text, List<HbaPattern> patterns) {
        try {
            patterns.add(HbaPattern.of(text.substring(1)));
            return true;
        } catch (IllegalArgumentException e) {
            error("regular expression %s: %s".formatted(text, e.getMessage()));
            return false;
        }
    }

    // ---- addresses ------------------------------------------------------------------------------

    /** Whether both fields are bare addresses, so that the second is the mask of the first. */
    private static boolean isMasked(Field address, Field next) {
        return isAddress(address) && isAddress(next);
    }

    private static boolean isAddress(Field field) {
        return field.tokens().size() == 1
                && (Addresses.address(field.first().text()).isPresent() || isAmbiguous(field));
    }

    private static boolean isAmbiguous(Field field) {
        return Addresses.isAmbiguous(field.first().text());
    }

    private Optional<HbaAddress> masked(Field address, Field mask) {
        if (isAmbiguous(address) || isAmbiguous(mask)) {
            return ambiguous(isAmbiguous(address) ? address : mask);
        }
        Optional<Cidr> network = Addresses.masked(address.first().text(), mask.first().text());
        return network.isPresent()
                ? network.map(HbaParser::networks)
                : error("%s is not a mask of %s".formatted(mask.shown(), address.shown()));
    }

    private Optional<HbaAddress> address(Field field) {
        if (field.tokens().size() != 1) {
            return error("expected one address, got " + field.shown());
        }
        Token token = field.first();
        if (token.is("all")) {
            return Optional.of(HbaAddress.ANY);
        }
        if (token.is("samehost")) {
            return own(OwnNetworks::hosts);
        }
        if (token.is("samenet")) {
            return own(OwnNetworks::networks);
        }
        if (Addresses.isAmbiguous(token.text())) {
            return ambiguous(field);
        }
        Optional<HbaAddress> address =
                Addresses.network(token.text())
                        .or(() -> Addresses.address(token.text()).map(Addresses::only))
                        .map(HbaParser::networks)
                        .or(() -> HbaAddress.Host.of(token.text()));
        return address.isPresent()
                ? address
                : error(
                        "%s is neither an address, with a prefix length or mask, nor a host name"
                                .formatted(field.shown()));
    }

    private Optional<HbaAddress> own(Function<OwnNetworks, List<Cidr>> part) {
        try {
            return Optional.of(new HbaAddress.Networks(part.apply(own.get())));
        } catch (UncheckedIOException e) {
            return error("the addresses of this machine cannot be read: " + e.getMessage());
        }
    }

    private <T> Optional<T> ambiguous(Field field) {
        return error("%s: %s".formatted(field.shown(), Addresses.AMBIGUOUS));
    }

    private static HbaAddress networks(Cidr network) {
        return new HbaAddress.Networks(List.of(network));
    }

    // ---- methods --------------------------------------------------------------------------------

    private Optional<HbaMethod> method(Field field) {
        if (field.tokens().size() != 1) {
            return error("expected one method, got " + field.shown());
        }
        String word = field.first().text();
        Optional<HbaMethod> method = HbaMethods.of(word);
        if (method.isEmpty()) {
            return error("method %s %s".formatted(field.shown(), HbaMethods.complaint(word)));
        }
        return method;
    }

    // ---- problems -------------------------------------------------------------------------------

    private <T> Optional<T> error(String message) {
        report(Problem.Severity.ERROR, message);
        return Optional.empty();
    }

    private void warn(String message) {
        report(Problem.Severity.WARNING, message);
    }

    private void report(Problem.Severity severity, String message) {
        problems.accept(
                new Problem(severity, file, OptionalInt.of(line), "", message, Optional.empty()));
    }
}
