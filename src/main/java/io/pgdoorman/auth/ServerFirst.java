package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

/**
 * SCRAM's server-first-message. Threads: immutable.
 *
 * @param text as sent, which is signed
 * @param nonce the client's nonce with the server's appended
 */
record ServerFirst(String text, String nonce, Bytes salt, int iterations) {
    static ServerFirst of(String nonce, Bytes salt, int iterations) {
        String text = "r=" + nonce + ",s=" + ScramAttributes.encode(salt) + ",i=" + iterations;
        return new ServerFirst(text, nonce, salt, iterations);
    }

    static ServerFirst parse(Bytes message) throws ScramException {
        ScramAttributes in = ScramAttributes.of(message);
        if (in.peek() == 'm') {
            throw ScramException.malformed("The server requires an unsupported SCRAM extension.");
        }
        String nonce = ScramAttributes.requireNonce(in.value('r'));
        Bytes salt = ScramAttributes.base64(in.value('s'), "The salt is not base64.");
        if (salt.isEmpty()) {
            throw ScramException.malformed("The salt is empty.");
        }
        int iterations = parseIterations(in.value('i'));
        while (!in.atEnd()) {
            in.anyValue(); // extensions that may be ignored
        }
        return new ServerFirst(in.from(0), nonce, salt, iterations);
    }

    private static int parseIterations(String digits) throws ScramException {
        boolean plausible =
                !digits.isEmpty()
                        && digits.length() <= 9
                        && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        int iterations = plausible ? Integer.parseInt(digits) : 0;
        if (iterations < 1 || iterations > ScramSha256.MAX_ITERATIONS) {
            throw ScramException.malformed(
                    "The iteration count is not 1 to %d.".formatted(ScramSha256.MAX_ITERATIONS));
        }
        return iterations;
    }

    Bytes toBytes() {
        return ScramAttributes.toBytes(text);
    }
}
