package io.pgdoorman.authority;

import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.keys.EllipticCurves;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Set;

/**
 * A public key. What it can verify follows from what it is, never from what a token says: an RSA
 * key is not the secret of an HMAC. Threads: immutable.
 *
 * @param id by which tokens name it ({@code kid}); empty if it has none
 * @param algorithms of signatures, as RFC 7518 calls them
 */
record TokenKey(String id, PublicKey key, Set<String> algorithms) {
    private static final int MIN_RSA_BITS = 2048;

    private static final Set<String> RSA =
            Set.of(
                    AlgorithmIdentifiers.RSA_USING_SHA256,
                    AlgorithmIdentifiers.RSA_USING_SHA384,
                    AlgorithmIdentifiers.RSA_USING_SHA512,
                    AlgorithmIdentifiers.RSA_PSS_USING_SHA256,
                    AlgorithmIdentifiers.RSA_PSS_USING_SHA384,
                    AlgorithmIdentifiers.RSA_PSS_USING_SHA512);

    TokenKey {
        algorithms = Set.copyOf(algorithms);
    }

    /** With all algorithms of its type. */
    static TokenKey of(String id, PublicKey key) throws TokenKeysException {
        return new TokenKey(id, key, algorithms(key));
    }

    /** The same for one algorithm only. */
    TokenKey restrictedTo(String algorithm) throws TokenKeysException {
        if (!algorithms.contains(algorithm)) {
            throw new TokenKeysException(
                    "key %s is for algorithm %s, which is not one for it: %s"
                            .formatted(id, algorithm, algorithms));
        }
        return new TokenKey(id, key, Set.of(algorithm));
    }

    private static Set<String> algorithms(PublicKey key) throws TokenKeysException {
        return switch (key) {
            case RSAPublicKey rsa -> {
                int bits = rsa.getModulus().bitLength();
                if (bits < MIN_RSA_BITS) {
                    throw new TokenKeysException(
                            "an RSA key of %d bits is too weak, %d are needed"
                                    .formatted(bits, MIN_RSA_BITS));
                }
                yield RSA;
            }
            case ECPublicKey ec ->
                    switch (String.valueOf(EllipticCurves.getName(ec.getParams().getCurve()))) {
                        case EllipticCurves.P_256 ->
                                Set.of(AlgorithmIdentifiers.ECDSA_USING_P256_CURVE_AND_SHA256);
                        case EllipticCurves.P_384 ->
                                Set.of(AlgorithmIdentifiers.ECDSA_USING_P384_CURVE_AND_SHA384);
                        case EllipticCurves.P_521 ->
                                Set.of(AlgorithmIdentifiers.ECDSA_USING_P521_CURVE_AND_SHA512);
                        default ->
                                throw new TokenKeysException(
                                        "the curve of an EC key is none of P-256, P-384 and P-521");
                    };
            case EdECPublicKey _ -> Set.of(AlgorithmIdentifiers.EDDSA);
            default ->
                    throw new TokenKeysException(
                            "a key of type %s is not supported, RSA, EC and Ed25519 are"
                                    .formatted(key.getAlgorithm()));
        };
    }
}
