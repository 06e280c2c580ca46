package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;

/**
 * SCRAM's client-first-message. Threads: immutable.
 *
 * @param gs2Header up to and including the comma before {@code bare}
 * @param bare client-first-message-bare, the part that is signed
 * @param nonce the client's part of the nonce
 */
record ClientFirst(String gs2Header, String bare, String nonce) {
    /** What a client sends that neither supports channel binding nor acts for another user. */
    private static final String NO_BINDING = "n,,";

    /** The user name stays empty: PostgreSQL takes the one of the startup packet. */
    static ClientFirst of(String nonce) {
        return new ClientFirst(NO_BINDING, "n=,r=" + nonce, nonce);
    }

    /**
     * Reads it for mechanism SCRAM-SHA-256. The flag {@code y} (could bind, thinks we cannot) is
     * right as long as SCRAM-SHA-256-PLUS is not offered; with it, {@code y} would be a downgrade
     * and {@code p} would be read here.
     */
    static ClientFirst parse(Bytes message) throws ScramException {
        ScramAttributes in = ScramAttributes.of(message);
        readBindingFlag(in);
        if (in.peek() == 'a') {
            throw new ScramException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client uses authorization identity, but it is not supported",
                    "");
        }
        if (in.peek() != ',') {
            throw ScramException.malformed(
                    "Unexpected attribute \"%s\" in client-first-message."
                            .formatted(ScramAttributes.show(in.peek())));
        }
        in.skip();
        int bareStart = in.position();
        if (in.peek() == 'm') {
            throw new ScramException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client requires an unsupported SCRAM extension",
                    "");
        }
        in.value('n'); // ignored: the user is the startup packet's
        String nonce = ScramAttributes.requireNonce(in.value('r'));
        while (!in.atEnd()) {
            in.anyValue(); // extensions that may be ignored
        }
        return new ClientFirst(in.between(0, bareStart), in.from(bareStart), nonce);
    }

    private static void readBindingFlag(ScramAttributes in) throws ScramException {
        switch (in.peek()) {
            case 'n', 'y' -> {
                in.skip();
                in.expectComma();
            }
            case 'p' ->
                    throw ScramException.malformed(
                            "The client selected SCRAM-SHA-256 without channel binding, but the"
                                    + " SCRAM message includes channel binding data.");
            default ->
                    throw ScramException.malformed(
                            "Unexpected channel-binding flag \"%s\"."
                                    .formatted(ScramAttributes.show(in.peek())));
        }
    }

    Bytes toBytes() {
        return ScramAttributes.toBytes(gs2Header + bare);
    }
}
