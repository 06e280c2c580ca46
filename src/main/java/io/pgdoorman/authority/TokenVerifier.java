package io.pgdoorman.authority;

import io.pgdoorman.wire.Bytes;

import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.lang.JoseException;
import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * Tells whether a token counts: signed by one of the keys, in its time, by whom and for whom it has
 * to be. Nothing a token says about itself is trusted before its signature fits, but for the choice
 * among our own keys.
 *
 * <p>Threads: any thread, because it has no state; takes up to a millisecond of CPU time.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8725">RFC 8725, best practices</a>
 */
final class TokenVerifier {
    /** Of a token. Those of real issuers have one or two thousand. */
    static final int MAX_TOKEN_BYTES = 16 * 1024;

    /** More keys are not tried for one token: the client would choose how long that takes. */
    static final int MAX_TRIED = 16;

    private final TokenKeys keys;
    private final TokenRules rules;
    private final InstantSource clock;

    TokenVerifier(TokenKeys keys, TokenRules rules, InstantSource clock) {
        this.keys = keys;
        this.rules = rules;
        this.clock = clock;
    }

    /**
     * What a token says.
     *
     * @throws TokenException it does not count
     */
    JwtClaims verify(Bytes token) throws TokenException {
        if (token.length() > MAX_TOKEN_BYTES) {
            throw new TokenException(
                    "the token has %d bytes, more than %d"
                            .formatted(token.length(), MAX_TOKEN_BYTES));
        }
        JwtClaims claims = claims(verified(token.toText()));
        try {
            checkTime(claims);
            checkIssuer(claims);
            checkAudience(claims);
            return claims;
        } catch (MalformedClaimException e) {
            throw new TokenException("a claim of the token is not of its type");
        }
    }

    // ---- signature ------------------------------------------------------------------------------

    /** The payload, whose signature is good. */
    private String verified(String token) throws TokenException {
        JsonWebSignature unverified = parse(token);
        List<TokenKey> candidates = keys.candidates(algorithm(unverified), keyId(unverified));
        if (candidates.size() > MAX_TRIED) {
            throw new TokenException(
                    "the token does not say which of %d keys it is signed by"
                            .formatted(candidates.size()));
        }
        for (TokenKey key : candidates) {
            String payload = payload(token, key);
            if (payload != null) {
                return payload;
            }
        }
        throw new TokenException("the signature of the token does not fit");
    }

    private static @Nullable String payload(String token, TokenKey key) throws TokenException {
        JsonWebSignature signature = parse(token);
        signature.setAlgorithmConstraints(
                new AlgorithmConstraints(
                        ConstraintType.PERMIT, key.algorithms().toArray(String[]::new)));
        signature.setKey(key.key());
        try {
            return signature.verifySignature() ? signature.getPayload() : null;
        } catch (JoseException | RuntimeException e) {
            return null; // not of the form the algorithm gives it
        }
    }

    private static JsonWebSignature parse(String token) throws TokenException {
        var signature = new JsonWebSignature();
        try {
            signature.setCompactSerialization(token);
            return signature;
        } catch (JoseException | RuntimeException e) {
            throw new TokenException("what the client sent is not a signed token");
        }
    }

    private static String algorithm(JsonWebSignature token) throws TokenException {
        if (token.getHeaders().getObjectHeaderValue("alg") instanceof String algorithm) {
            return algorithm;
        }
        throw new TokenException("the token does not say by which algorithm it is signed");
    }

    private static @Nullable String keyId(JsonWebSignature token) throws TokenException {
        Object id = token.getHeaders().getObjectHeaderValue("kid");
        if (id == null) {
            return null;
        }
        if (id instanceof String text) {
            return text;
        }
        throw new TokenException("the token names its key by something that is not a text");
    }

    // ---- claims ---------------------------------------------------------------------------------

    private static JwtClaims claims(String payload) throws TokenException {
        try {
            return JwtClaims.parse(payload);
        } catch (InvalidJwtException | RuntimeException e) { // its message holds the token
            throw new TokenException("the content of the token is not a JSON object");
        }
    }

    private void checkTime(JwtClaims claims) throws MalformedClaimException, TokenException {
        long now = clock.instant().getEpochSecond();
        long skew = rules.clockSkew().toSeconds();
        NumericDate end = claims.getExpirationTime();
        if (end == null) {
            throw new TokenException("the token has no exp, so it would hold for ever");
        }
        if (end.getValue() <= now - skew) {
            throw new TokenException("the token expired at " + time(end));
        }
        NumericDate begin = claims.getNotBefore();
        if (begin != null && begin.getValue() > now + skew) {
            throw new TokenException("the token does not hold before " + time(begin));
        }
    }

    private static String time(NumericDate date) {
        try {
            return Instant.ofEpochSecond(date.getValue()).toString();
        } catch (DateTimeException outOfRange) {
            return String.valueOf(date.getValue());
        }
    }

    private void checkIssuer(JwtClaims claims) throws MalformedClaimException, TokenException {
        String issuer = claims.getIssuer();
        if (rules.issuer().isPresent() && !rules.issuer().get().equals(issuer)) {
            throw new TokenException(
                    issuer == null
                            ? "the token has no iss"
                            : "the token is issued by " + Shown.of(issuer));
        }
    }

    private void checkAudience(JwtClaims claims) throws MalformedClaimException, TokenException {
        if (rules.audience().isPresent()
                && !(claims.hasAudience()
                        && claims.getAudience().contains(rules.audience().get()))) {
            throw new TokenException(
                    "the token is not for %s (aud)".formatted(rules.audience().get()));
        }
    }
}
