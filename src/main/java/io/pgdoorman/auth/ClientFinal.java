package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;

/**
 * SCRAM's client-final-message. Threads: immutable.
 *
 * @param withoutProof the part that is signed
 * @param nonce both ends' nonce
 */
record ClientFinal(String withoutProof, String nonce, Bytes proof) {
    /** The signed part. */
    static String withoutProof(ClientFirst first, String nonce) {
        return "c=" + bindingValue(first) + ",r=" + nonce;
    }

    /** Reads it; it must be bound to the channel as the client's {@code first} message said. */
    static ClientFinal parse(Bytes message, ClientFirst first) throws ScramException {
        ScramAttributes in = ScramAttributes.of(message);
        if (!in.value('c').equals(bindingValue(first))) {
            if (!first.binding().isEmpty()) {
                throw new ScramException(
                        SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                        "SCRAM channel binding check failed",
                        "");
            }
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION,
                    "unexpected SCRAM channel-binding attribute in client-final-message",
                    "");
        }
        String nonce = in.value('r');
        while (true) {
            int start = in.position();
            char name = in.peek();
            String value = in.anyValue();
            if (name == 'p') {
                Bytes proof = parseProof(value);
                if (!in.atEnd()) {
                    throw ScramException.malformed(
                            "Garbage found at the end of client-final-message.");
                }
                return new ClientFinal(in.between(0, start - 1), nonce, proof);
            }
        }
    }

    private static Bytes parseProof(String value) throws ScramException {
        String detail = "Malformed proof in client-final-message.";
        Bytes proof = ScramAttributes.base64(value, detail);
        if (proof.length() != ScramSha256.KEY_BYTES) {
            throw ScramException.malformed(detail);
        }
        return proof;
    }

    private static String bindingValue(ClientFirst first) {
        return ScramAttributes.encode(first.bindingInput());
    }

    Bytes toBytes() {
        return ScramAttributes.toBytes(withoutProof + ",p=" + ScramAttributes.encode(proof));
    }
}
