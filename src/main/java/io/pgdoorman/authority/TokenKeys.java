package io.pgdoorman.authority;

import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The public keys of an issuer as they stood in their files when they were read. Two are equal if
 * what they read was.
 *
 * <p>Threads: immutable.
 */
public final class TokenKeys {
    private static final int MAX_FILE_BYTES = 1 << 20;
    private static final Set<String> SUFFIXES = Set.of(".pem", ".crt", ".cer", ".pub");

    /** Of a JWKS: those that sign; others are left out, as RFC 7517 has it. */
    private static final Set<String> KEY_TYPES = Set.of("RSA", "EC", "OKP");

    private final List<TokenKey> keys;

    private TokenKeys(List<TokenKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /**
     * Reads a PEM file, whose keys have no id; a JWKS, whose keys may have one; or a directory of
     * either, whose PEM files give their names as ids.
     */
    public static TokenKeys read(Path path) throws TokenKeysException {
        if (!Files.isDirectory(path)) {
            return new TokenKeys(file(path, ""));
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(path)) {
            files = all.filter(TokenKeys::isKeyFile).sorted().toList();
        } catch (IOException e) {
            throw new TokenKeysException(path + ": cannot be listed: " + e.getMessage(), e);
        }
        if (files.isEmpty()) {
            throw new TokenKeysException(
                    path + ": there is no file in it that ends in .pem, .crt, .cer or .pub");
        }
        return ofFiles(files);
    }

    /** Reads PEM files, each of which gives its name without the suffix as the id of its keys. */
    public static TokenKeys ofFiles(List<Path> files) throws TokenKeysException {
        var keys = new ArrayList<TokenKey>();
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            int dot = name.lastIndexOf('.');
            keys.addAll(file(file, dot > 0 ? name.substring(0, dot) : name));
        }
        return new TokenKeys(keys);
    }

    private static boolean isKeyFile(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith(".")
                && SUFFIXES.stream().anyMatch(name::endsWith)
                && !Files.isDirectory(file);
    }

    private static List<TokenKey> file(Path file, String id) throws TokenKeysException {
        try {
            String text = text(file);
            return text.stripLeading().startsWith("{") ? jwks(text) : pem(text, id);
        } catch (TokenKeysException e) {
            throw new TokenKeysException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static String text(Path file) throws TokenKeysException {
        try (var in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
            if (bytes.length > MAX_FILE_BYTES) {
                throw new TokenKeysException("is longer than %d bytes".formatted(MAX_FILE_BYTES));
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new TokenKeysException("there is no such file", e);
        } catch (IOException e) {
            throw new TokenKeysException("cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<TokenKey> pem(String text, String id) throws TokenKeysException {
        var keys = new ArrayList<TokenKey>();
        for (PublicKey key : PublicKeyPem.read(text)) {
            keys.add(TokenKey.of(id, key));
        }
        return keys;
    }

    // ---- JWKS -----------------------------------------------------------------------------------

    private static List<TokenKey> jwks(String text) throws TokenKeysException {
        Map<String, Object> set;
        try {
            set = JsonUtil.parseJson(text);
        } catch (JoseException e) {
            throw new TokenKeysException("is not well-formed JSON", e);
        }
        if (!(set.get("keys") instanceof List<?> all)) {
            throw new TokenKeysException("is not a JWKS: it has no list keys");
        }
        var keys = new ArrayList<TokenKey>();
        for (int i = 0; i < all.size(); i++) {
            try {
                TokenKey key = webKey(all.get(i));
                if (key != null) {
                    keys.add(key);
                }
            } catch (TokenKeysException e) {
                throw new TokenKeysException("keys[%d]: %s".formatted(i, e.getMessage()), e);
            }
        }
        if (keys.isEmpty()) {
            throw new TokenKeysException("no key of it verifies signatures");
        }
        return keys;
    }

    /** Null if it is not for signatures. */
    private static @Nullable TokenKey webKey(@Nullable Object json) throws TokenKeysException {
        if (!(json instanceof Map<?, ?> map)) {
            throw new TokenKeysException("is not an object");
        }
        var parameters = new LinkedHashMap<String, Object>();
        map.forEach((name, value) -> parameters.put(String.valueOf(name), value));
        if ("oct".equals(parameters.get("kty"))) {
            throw new TokenKeysException("is a secret, and secrets verify nothing here");
        }
        if (parameters.get("kty") instanceof String type && !KEY_TYPES.contains(type)) {
            return null;
        }
        try {
            JsonWebKey read = JsonWebKey.Factory.newJwk(parameters);
            if (!(read instanceof PublicJsonWebKey web)) {
                return null;
            }
            if (web.getPrivateKey() != null) {
                throw new TokenKeysException("is private; only the issuer should have that");
            }
            List<String> operations = web.getKeyOps();
            if ("enc".equals(web.getUse())
                    || (operations != null && !operations.contains("verify"))) {
                return null;
            }
            String id = web.getKeyId() == null ? "" : web.getKeyId();
            TokenKey key = TokenKey.of(id, web.getPublicKey());
            return web.getAlgorithm() == null ? key : key.restrictedTo(web.getAlgorithm());
        } catch (JoseException | RuntimeException e) {
            throw new TokenKeysException("is not a well-formed JWK", e);
        }
    }

    // ---- choice ---------------------------------------------------------------------------------

    /**
     * The keys that may have signed a token: those it names; if none has that name, or it names
     * none, those without a name or all.
     *
     * @param id {@code kid} of the token; null if it has none
     */
    List<TokenKey> candidates(String algorithm, @Nullable String id) throws TokenException {
        List<TokenKey> fitting =
                keys.stream().filter(key -> key.algorithms().contains(algorithm)).toList();
        if (fitting.isEmpty()) {
            throw new TokenException(
                    "the token is signed by algorithm %s, which no key is for"
                            .formatted(Shown.of(algorithm)));
        }
        if (id == null) {
            return fitting;
        }
        List<TokenKey> named = fitting.stream().filter(key -> key.id().equals(id)).toList();
        List<TokenKey> chosen =
                named.isEmpty()
                        ? fitting.stream().filter(key -> key.id().isEmpty()).toList()
                        : named;
        if (chosen.isEmpty()) {
            throw new TokenException(
                    "the token names the key %s, which is unknown".formatted(Shown.of(id)));
        }
        return chosen;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TokenKeys that && keys.equals(that.keys);
    }

    @Override
    public int hashCode() {
        return keys.hashCode();
    }

    @Override
    public String toString() {
        return "TokenKeys" + keys.stream().map(TokenKey::id).toList();
    }
}
