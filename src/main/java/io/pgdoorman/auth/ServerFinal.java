package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

/** SCRAM's server-final-message. Threads: immutable, pure functions. */
final class ServerFinal {
    private static final String BAD_SIGNATURE = "Malformed server signature.";

    private ServerFinal() {}

    static Bytes signature(Bytes serverSignature) {
        return ScramAttributes.toBytes("v=" + ScramAttributes.encode(serverSignature));
    }

    /** The server's signature. An error message of the server is a malformed one here. */
    static Bytes parse(Bytes message) throws ScramException {
        ScramAttributes in = ScramAttributes.of(message);
        if (in.peek() == 'e') {
            throw ScramException.malformed("The server reports an error in the exchange.");
        }
        Bytes signature = ScramAttributes.base64(in.value('v'), BAD_SIGNATURE);
        if (signature.length() != ScramSha256.KEY_BYTES || !in.atEnd()) {
            throw ScramException.malformed(BAD_SIGNATURE);
        }
        return signature;
    }
}
