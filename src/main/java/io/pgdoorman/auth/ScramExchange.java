package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;

import org.jspecify.annotations.Nullable;

/**
 * The first two messages of an exchange and what follows from them, the same for either end.
 * Threads: immutable.
 */
record ScramExchange(ClientFirst first, ServerFirst challenge) {
    /** Our answer as a server. */
    static ScramExchange answer(ClientFirst first, String ownNonce, ScramTarget target) {
        return new ScramExchange(
                first,
                ServerFirst.of(first.nonce() + ownNonce, target.salt(), target.iterations()));
    }

    /** The server's answer to our first message; its nonce must go on where ours ended. */
    static ScramExchange answered(ClientFirst first, ServerFirst challenge) throws ScramException {
        if (!challenge.nonce().startsWith(first.nonce())
                || challenge.nonce().length() == first.nonce().length()) {
            throw invalidNonce();
        }
        return new ScramExchange(first, challenge);
    }

    /** As server: reads the client's proof. */
    ClientFinal readProof(Bytes message) throws ScramException {
        ClientFinal last = ClientFinal.parse(message, first);
        if (!Bytes.ofText(last.nonce()).equals(Bytes.ofText(challenge.nonce()))) {
            throw invalidNonce();
        }
        return last;
    }

    /** As server: the ClientKey behind the proof; null if the proof is wrong. */
    @Nullable Bytes clientKey(ClientFinal last, Bytes storedKey) {
        Bytes signature = ScramSha256.signature(storedKey, authMessage(last.withoutProof()));
        Bytes clientKey = ScramSha256.xor(last.proof(), signature);
        return ScramSha256.hash(clientKey).equals(storedKey) ? clientKey : null;
    }

    /** As client: the message that proves knowledge of {@code clientKey}. */
    ClientFinal prove(Bytes clientKey) {
        String withoutProof = ClientFinal.withoutProof(first, challenge.nonce());
        Bytes signature =
                ScramSha256.signature(ScramSha256.hash(clientKey), authMessage(withoutProof));
        return new ClientFinal(
                withoutProof, challenge.nonce(), ScramSha256.xor(clientKey, signature));
    }

    /** Either end: what proves the server to the client. */
    Bytes serverSignature(ClientFinal last, Bytes serverKey) {
        return ScramSha256.signature(serverKey, authMessage(last.withoutProof()));
    }

    private String authMessage(String clientFinalWithoutProof) {
        return first.bare() + ',' + challenge.text() + ',' + clientFinalWithoutProof;
    }

    private static ScramException invalidNonce() {
        return new ScramException(
                SqlState.PROTOCOL_VIOLATION, "invalid SCRAM response", "Nonce does not match.");
    }
}
