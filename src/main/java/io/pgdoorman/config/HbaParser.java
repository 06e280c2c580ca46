package io.pgdoorman.config;

import io.pgdoorman.config.HbaEntry.Name;
import io.pgdoorman.config.HbaTokens.Token;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Reads rule text. A line that is not fully understood is an error: to skip it could let in whom it
 * was to keep out. Threads: confined to one call.
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
    private static final Set<String> INCLUDES =
            Set.of("include", "include_if_exists", "include_dir");
    private static final Map<String, HbaMethod> METHODS =
            Map.of(
                    "trust", HbaMethod.TRUST,
                    "reject", HbaMethod.REJECT,
                    "password", HbaMethod.PASSWORD,
                    "md5", HbaMethod.MD5,
                    "scram-sha-256", HbaMethod.SCRAM_SHA_256,
                    "scram_sha_256", HbaMethod.SCRAM_SHA_256,
                    "scramsha256", HbaMethod.SCRAM_SHA_256);
    private static final Set<String> OTHER_METHODS =
            Set.of(
                    "gss", "sspi", "ident", "peer", "ldap", "radius", "cert", "pam", "bsd", "oauth",
                    "jwt", "talos");

    private final String source;
    private final Consumer<Problem> problems;
    private final Supplier<OwnNetworks> own;
    private final List<HbaEntry> entries = new ArrayList<>();
    private int line;

    HbaParser(String source, Supplier<OwnNetworks> own, Consumer<Problem> problems) {
        this.source = source;
        this.own = own;
        this.problems = problems;
    }

    List<HbaEntry> parse(String text) {
        List<String> lines = text.lines().toList();
        boolean failed = false;
        for (int i = 0; i < lines.size(); i++) {
            line = i + 1;
            var whole = new StringBuilder(lines.get(i));
            while (!whole.isEmpty()
                    && whole.charAt(whole.length() - 1) == '\\'
                    && i + 1 < lines.size()) {
                whole.setCharAt(whole.length() - 1, ' ');
                whole.append(lines.get(++i));
            }
            failed |= !parseLine(whole.toString());
        }
        if (entries.isEmpty() && !failed) {
            line = 0;
            report(Problem.Severity.WARNING, "has no rule, so nobody can log in");
        }
        return List.copyOf(entries);
    }

    /** False if a problem was reported as an error. */
    private boolean parseLine(String text) {
        HbaTokens.Line split = HbaTokens.split(text);
        if (!split.complete()) {
            return error("a quotation mark is not closed");
        }
        if (split.fields().isEmpty()) {
            return true;
        }
        String keyword = split.fields().getFirst().getFirst().text().toLowerCase(Locale.ROOT);
        if (INCLUDES.contains(keyword)) {
            return error(keyword + " is not supported yet");
        }
        HbaEntry.Type type = TYPES.get(keyword);
        if (type == null || split.fields().getFirst().size() > 1) {
            return error("unknown connection type " + shown(split.fields().getFirst()));
        }
        if (type == HbaEntry.Type.HOSTGSSENC) {
            report(Problem.Severity.WARNING, "hostgssenc never matches: there is no GSSAPI here");
        }
        return parseRule(type, split.fields());
    }

    private boolean parseRule(HbaEntry.Type type, List<List<Token>> fields) {
        boolean local = type == HbaEntry.Type.LOCAL;
        int least = local ? 4 : 5;
        if (fields.size() < least) {
            String shape =
                    local ? "local DATABASE USER METHOD" : "host DATABASE USER ADDRESS METHOD";
            return error("too few fields, expected " + shape);
        }
        Optional<List<Name>> databases = names(fields.get(1), true);
        Optional<List<Name>> users = names(fields.get(2), false);
        Optional<HbaAddress> address =
                local ? Optional.of(HbaAddress.ANY) : address(fields.get(3), fields.get(4));
        int methodAt = address.map(a -> a.withMask() ? least : least - 1).orElse(least - 1);
        if (methodAt >= fields.size()) {
            return error("too few fields, the method is missing");
        }
        // Without a good address it is not known where the method stands.
        Optional<HbaMethod> method =
                address.isEmpty() ? Optional.empty() : method(fields.get(methodAt));
        if (method.isPresent() && fields.size() > methodAt + 1) {
            return error("option %s is not supported".formatted(shown(fields.get(methodAt + 1))));
        }
        if (databases.isEmpty() || users.isEmpty() || address.isEmpty() || method.isEmpty()) {
            return false;
        }
        String text = fields.stream().map(HbaParser::shown).collect(Collectors.joining(" "));
        entries.add(
                new HbaEntry(
                        new HbaRule(line, text, method.get()),
                        type,
                        databases.get(),
                        users.get(),
                        address.get().any(),
                        address.get().networks()));
        return true;
    }

    private Optional<List<Name>> names(List<Token> tokens, boolean database) {
        var names = new ArrayList<Name>();
        for (Token token : tokens) {
            name(token, database).ifPresent(names::add);
        }
        return names.size() == tokens.size() ? Optional.of(names) : Optional.empty();
    }

    private Optional<Name> name(Token token, boolean database) {
        String text = token.text();
        String unsupported = unsupported(token, database);
        if (!unsupported.isEmpty()) {
            error("%s %s is not supported yet".formatted(unsupported, shown(List.of(token))));
            return Optional.empty();
        }
        if (token.is("all")) {
            return Optional.of(new Name.Any());
        }
        if (database && token.is("sameuser")) {
            return Optional.of(new Name.SameUser());
        }
        if (database && token.is("replication")) {
            return Optional.of(new Name.Replication());
        }
        if (!token.quoted() && text.equalsIgnoreCase("all")) {
            report(
                    Problem.Severity.WARNING,
                    "%s is a name here, the keyword for everything is all".formatted(text));
        }
        return Optional.of(new Name.Exactly(text));
    }

    /** What the token is that only PostgreSQL can do; empty if it is none of that. */
    private static String unsupported(Token token, boolean database) {
        if (token.text().startsWith("/")) {
            return "the regular expression"; // quoted ones are, too
        }
        if (token.quoted()) {
            return "";
        }
        if (token.text().startsWith("@")) {
            return "the file of names";
        }
        if (token.text().startsWith("+") && !database) {
            return "the role membership";
        }
        return database && (token.is("samerole") || token.is("samegroup")) ? "the keyword" : "";
    }

    private Optional<HbaAddress> address(List<Token> field, List<Token> next) {
        if (field.size() > 1) {
            error("several addresses in one rule: " + shown(field));
            return Optional.empty();
        }
        Token token = field.getFirst();
        if (token.is("all")) {
            return Optional.of(HbaAddress.ANY);
        }
        if (token.is("samehost")) {
            return Optional.of(HbaAddress.of(own.get().hosts()));
        }
        if (token.is("samenet")) {
            return Optional.of(HbaAddress.of(own.get().networks()));
        }
        Optional<HbaAddress> address =
                token.text().contains("/")
                        ? Addresses.network(token.text()).map(HbaAddress::of)
                        : single(token.text(), next.getFirst().text());
        if (address.isEmpty()) {
            error(
                    "%s is not an address with a prefix length or mask; host names are not"
                                    .formatted(shown(field))
                            + " supported yet");
        }
        return address;
    }

    /** An address alone, or followed by a mask. */
    private static Optional<HbaAddress> single(String address, String next) {
        if (Addresses.address(next).isPresent()) {
            return Addresses.masked(address, next)
                    .map(network -> new HbaAddress(false, List.of(network), true));
        }
        return Addresses.address(address).map(Addresses::only).map(HbaAddress::of);
    }

    private Optional<HbaMethod> method(List<Token> field) {
        String word = field.getFirst().text().toLowerCase(Locale.ROOT);
        HbaMethod method = field.size() == 1 ? METHODS.get(word) : null;
        if (method == null) {
            String what = OTHER_METHODS.contains(word) ? "is not supported yet" : "is unknown";
            error("method %s %s".formatted(shown(field), what));
        }
        return Optional.ofNullable(method);
    }

    private boolean error(String message) {
        report(Problem.Severity.ERROR, message);
        return false;
    }

    private void report(Problem.Severity severity, String message) {
        var at = line > 0 ? OptionalInt.of(line) : OptionalInt.empty();
        problems.accept(new Problem(severity, source, at, "", message, Optional.empty()));
    }

    /** As written, but for blanks; long ones are cut. */
    private static String shown(List<Token> field) {
        String text =
                field.stream()
                        .map(
                                t ->
                                        t.quoted()
                                                ? '"' + t.text().replace("\"", "\"\"") + '"'
                                                : t.text())
                        .collect(Collectors.joining(","));
        return text.length() > 80 ? text.substring(0, 80) + "..." : text;
    }

    /** The address part of a rule. */
    private record HbaAddress(boolean any, List<Cidr> networks, boolean withMask) {
        static final HbaAddress ANY = new HbaAddress(true, List.of(), false);

        static HbaAddress of(Cidr network) {
            return of(List.of(network));
        }

        static HbaAddress of(List<Cidr> networks) {
            return new HbaAddress(false, networks, false);
        }
    }
}
