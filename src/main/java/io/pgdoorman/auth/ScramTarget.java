package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

/** What a client's SCRAM proof is checked against. Threads: immutable. */
sealed interface ScramTarget {
    Bytes salt();

    int iterations();

    /** For the log, if the proof is wrong. */
    String failure();

    /**
     * A stored verifier. For a user that cannot log in it is one of random keys, which no proof
     * fits; the exchange is the same to the last byte count.
     */
    record Verifier(StoredSecret.Scram secret, String failure) implements ScramTarget {
        @Override
        public Bytes salt() {
            return secret.salt();
        }

        @Override
        public int iterations() {
            return secret.iterations();
        }
    }

    /** A password in plain text, from which keys are derived when the proof is there. */
    record Password(Bytes password, Bytes salt) implements ScramTarget {
        @Override
        public int iterations() {
            return ScramSha256.DEFAULT_ITERATIONS;
        }

        @Override
        public String failure() {
            return ClientAuthentication.WRONG_PASSWORD;
        }

        @Override
        public String toString() {
            return "Password[***]";
        }
    }

    /** For users that exist but cannot do SCRAM, and for those that do not exist. */
    static ScramTarget impossible(AuthenticationContext context, String user, String failure) {
        return new Verifier(nobody(context, user), failure);
    }

    /** A verifier of random keys, which no password fits. */
    static StoredSecret.Scram nobody(AuthenticationContext context, String user) {
        return new StoredSecret.Scram(
                context.usual().iterations(),
                context.saltOf(user),
                context.randomBytes(ScramSha256.KEY_BYTES),
                context.randomBytes(ScramSha256.KEY_BYTES));
    }
}
