package io.pgdoorman.config;

import io.pgdoorman.config.HbaFiles.Field;
import io.pgdoorman.config.HbaOptions.ClientCertificate;
import io.pgdoorman.config.HbaTokens.Token;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Makes options of the words after a method. Threads: confined to one call.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-methods.html">Authentication
 *     Methods</a>
 */
final class HbaOptionsParser {
    private final HbaEntry.Type type;
    private final HbaMethod method;
    private final IdentMaps maps;
    private final Consumer<String> errors;

    private ClientCertificate certificate = ClientCertificate.NOT_ASKED;
    private boolean wholeName;
    private String map = "";
    private final Map<String, String> others = new HashMap<>();
    private boolean good = true;

    /** A word of the line may be the rest of a secret whose quotes were forgotten. */
    private boolean secretive;

    private int number;

    /**
     * @param errors hears what is wrong, without the values of secrets
     */
    HbaOptionsParser(
            HbaEntry.Type type, HbaMethod method, IdentMaps maps, Consumer<String> errors) {
        this.type = type;
        this.method = method;
        this.maps = maps;
        this.errors = errors;
    }

    Optional<HbaOptions> parse(List<Field> fields) {
        if (method == HbaMethod.CERT) {
            certificate = ClientCertificate.VERIFY_FULL;
            if (type != HbaEntry.Type.HOSTSSL) {
                error("method cert is for hostssl lines only");
            }
        }
        secretive =
                fields.stream()
                        .flatMap(field -> field.tokens().stream())
                        .anyMatch(token -> HbaMethods.isSecret(nameIn(token)));
        for (Field field : fields) {
            for (Token token : field.tokens()) {
                option(token);
            }
        }
        String missing = HbaMethods.missing(method, others);
        if (!missing.isEmpty()) {
            error(missing);
        }
        return good
                ? Optional.of(new HbaOptions(certificate, wholeName, map, others))
                : Optional.empty();
    }

    private void option(Token token) {
        number++;
        String name = nameIn(token);
        if (name.length() == token.text().length()) {
            error(
                    "%s is not of the form name=value; a value with blanks or commas has to be quoted"
                            .formatted(shown(HbaFiles.shown(token))));
            return;
        }
        String value = token.text().substring(name.length() + 1);
        switch (name) {
            case "clientcert" -> clientCertificate(value);
            case "clientname" -> clientName(value);
            case "map" -> map(value);
            default -> {
                String complaint = HbaMethods.complaintOfOption(method, name, value);
                if (complaint.isEmpty()) {
                    others.put(name, value);
                } else {
                    boolean known = HbaMethods.isOption(name);
                    error("%s %s".formatted(known ? "option " + name : shown(name), complaint));
                }
            }
        }
    }

    /** What stands before the first equals sign; all of it if there is none. */
    private static String nameIn(Token token) {
        int equals = token.text().indexOf('=');
        return equals < 0 ? token.text() : token.text().substring(0, equals);
    }

    private String shown(String text) {
        return "option " + (secretive ? "number " + number : text);
    }

    private void clientCertificate(String value) {
        if (type != HbaEntry.Type.HOSTSSL) {
            error("option clientcert is for hostssl lines only");
        } else if (value.equals("verify-full")) {
            certificate = ClientCertificate.VERIFY_FULL;
        } else if (!value.equals("verify-ca")) {
            error("option clientcert must be verify-ca or verify-full, is " + value);
        } else if (method == HbaMethod.CERT) {
            error("option clientcert must be verify-full with method cert");
        } else {
            certificate = ClientCertificate.VERIFY_CA;
        }
    }

    private void clientName(String value) {
        if (type != HbaEntry.Type.HOSTSSL) {
            error("option clientname is for hostssl lines only");
        } else if (value.equals("DN")) {
            wholeName = true;
        } else if (!value.equals("CN")) {
            error("option clientname must be CN or DN, is " + value);
        }
    }

    private void map(String value) {
        if (method != HbaMethod.CERT && method != HbaMethod.JWT) {
            error("option map is for methods that know clients by another name: cert and jwt");
        } else if (!maps.has(value)) {
            error("option map: pg_ident has no map %s".formatted(value));
        } else {
            map = value;
        }
    }

    private void error(String message) {
        good = false;
        errors.accept(message);
    }
}
