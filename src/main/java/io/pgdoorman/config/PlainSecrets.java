package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which files of a configuration hold secrets in plain text: passwords, and no hashes, verifiers or
 * names of files. Threads: confined to one load.
 */
final class PlainSecrets {
    private final Set<String> names = new LinkedHashSet<>();

    private PlainSecrets() {}

    /**
     * Those of the files that hold one, and those of pg_hba's.
     *
     * @param files of the configuration; what an override says is in none
     */
    static List<Path> filesOf(Tree tree, HbaRules hba, Collection<Path> files) {
        var found = new PlainSecrets();
        tree.tables().forEach(found::add);
        Values general = tree.general();
        Set<String> inline = Set.of(general.name(ListenKeys.PG_HBA), general.name(ListenKeys.HBA));
        var others = new LinkedHashSet<String>();
        for (HbaRule rule : hba.rules()) {
            if (!hasSecret(rule)) {
                continue;
            }
            if (inline.contains(rule.file())) {
                Key<HbaSource> key =
                        general.own(ListenKeys.PG_HBA).isPresent()
                                ? ListenKeys.PG_HBA
                                : ListenKeys.HBA;
                found.names.add(general.position(key).file());
            } else {
                others.add(rule.file());
            }
        }
        return Stream.concat(
                        files.stream().filter(file -> found.names.contains(file.toString())),
                        others.stream().map(Path::of))
                .distinct()
                .toList();
    }

    private void add(Values values) {
        values.section()
                .keys()
                .filter(key -> !isCommand(key))
                .filter(key -> values.own(key).filter(PlainSecrets::isPlain).isPresent())
                .forEach(key -> names.add(values.position(key).file()));
    }

    /** It is hidden like a secret, for it may show one, but says where from. */
    private static boolean isCommand(Key<?> key) {
        return key.name().endsWith("_command");
    }

    private static boolean isPlain(Object value) {
        if (!(value instanceof Secret secret) || secret.isEmpty()) {
            return false;
        }
        boolean formed =
                PasswordKind.of(secret) != PasswordKind.PLAIN && PasswordKind.isWellFormed(secret);
        return !formed && !secret.reveal().startsWith(Passwords.JWT_PRIVATE_PREFIX);
    }

    private static boolean hasSecret(HbaRule rule) {
        for (Map.Entry<String, String> option : rule.options().others().entrySet()) {
            if (HbaMethods.isSecret(option.getKey()) && !option.getValue().isEmpty()) {
                return true;
            }
        }
        return false;
    }
}
