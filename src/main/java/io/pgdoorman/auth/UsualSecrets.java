package io.pgdoorman.auth;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * What kinds of secrets users have. Users that do not exist are treated as most of those that do,
 * so that neither the challenge nor the time of a refusal tells them apart.
 *
 * <p>Threads: any; short critical sections.
 */
public final class UsualSecrets {
    /** Of users that were looked up so many count; then each counts half, and newer ones whole. */
    private static final int MAX_FOUND = 1_000;

    private Counts configured = new Counts();
    private final Counts found = new Counts();

    private static final class Counts {
        private int plain;
        private int md5;

        /** Verifiers by their iterations. */
        private final Map<Integer, Integer> scram = new HashMap<>();

        void add(StoredSecret secret) {
            switch (secret) {
                case StoredSecret.Plain _ -> plain++;
                case StoredSecret.Md5 _ -> md5++;
                case StoredSecret.Scram verifier ->
                        scram.merge(verifier.iterations(), 1, Integer::sum);
                case StoredSecret.None _,
                        StoredSecret.Unusable _,
                        StoredSecret.Delegated _ -> {} // treated as unknown themselves
            }
        }

        int verifiers() {
            return scram.values().stream().mapToInt(Integer::intValue).sum();
        }

        void halve() {
            plain /= 2;
            md5 /= 2;
            scram.replaceAll((_, count) -> count / 2);
            scram.values().removeIf(count -> count == 0);
        }
    }

    /** The users of the configuration; those of an earlier one are forgotten. */
    public synchronized void configured(Collection<StoredSecret> secrets) {
        configured = new Counts();
        secrets.forEach(configured::add);
    }

    /** A user was looked up. */
    public synchronized void found(StoredSecret secret) {
        found.add(secret);
        if (found.plain + found.md5 + found.verifiers() > MAX_FOUND) {
            found.halve();
        }
    }

    private int plain() {
        return configured.plain + found.plain;
    }

    private int md5() {
        return configured.md5 + found.md5;
    }

    private int verifiers() {
        return configured.verifiers() + found.verifiers();
    }

    /** Where the secret decides about the method, most are asked for MD5 and not for SCRAM. */
    synchronized boolean areMd5() {
        return md5() > plain() + verifiers();
    }

    /** On a line of the method md5, most are asked for MD5 and not for SCRAM. */
    synchronized boolean allowMd5() {
        return plain() + md5() > verifiers();
    }

    /** To check a password that came in clear text, keys have to be derived for most. */
    synchronized boolean areVerifiers() {
        return verifiers() > plain() + md5();
    }

    /** Of most who are asked for SCRAM. */
    synchronized int iterations() {
        Map<Integer, Integer> all = new HashMap<>(configured.scram);
        found.scram.forEach((iterations, count) -> all.merge(iterations, count, Integer::sum));
        all.merge(ScramSha256.DEFAULT_ITERATIONS, plain(), Integer::sum);
        return all.entrySet().stream()
                .max(
                        Map.Entry.<Integer, Integer>comparingByValue()
                                .thenComparing(Map.Entry.comparingByKey()))
                .filter(most -> most.getValue() > 0)
                .map(Map.Entry::getKey)
                .orElse(ScramSha256.DEFAULT_ITERATIONS);
    }
}
