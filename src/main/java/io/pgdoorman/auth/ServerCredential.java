package io.pgdoorman.auth;

import io.pgdoorman.config.Secret;
import io.pgdoorman.secret.SecretOrigin;
import io.pgdoorman.wire.Bytes;

import java.nio.file.Path;

/**
 * What the pooler can prove to PostgreSQL: configured, or learned from a client's login
 * (pass-through). Every form but {@link None} is as good as a password; none shows its content in
 * {@link Object#toString}. Threads: immutable.
 */
public sealed interface ServerCredential {
    /** The password: answers every password method. */
    record Plain(Bytes password) implements ServerCredential {
        @Override
        public String toString() {
            return "Plain[***]";
        }
    }

    /**
     * The stored MD5 form, which answers an MD5 challenge for {@code user} and nothing else.
     *
     * @param user the name the hash was made with
     */
    record Md5Hash(String user, String hash) implements ServerCredential {
        public Md5Hash {
            hash = new StoredSecret.Md5(hash).hash();
        }

        @Override
        public String toString() {
            return "Md5Hash[user=" + user + ", hash=***]";
        }
    }

    /**
     * The ClientKey of a client that proved its password against {@code secret}. Answers SCRAM on
     * servers whose role has the same secret, salt and iterations included.
     */
    record ScramClientKey(Bytes clientKey, StoredSecret.Scram secret) implements ServerCredential {
        @Override
        public String toString() {
            return "ScramClientKey[***]";
        }
    }

    /** A token, which is sent as a password in clear text and answers nothing else. */
    record Token(Bytes text) implements ServerCredential {
        @Override
        public String toString() {
            return "Token[***]";
        }
    }

    /** To be had from elsewhere, for each login: it answers nothing before it {@link #of is}. */
    record Fetched(SecretOrigin origin) implements ServerCredential {
        /**
         * What was fetched.
         *
         * @param user of the login
         * @throws IllegalArgumentException as {@link #parse}
         */
        public ServerCredential of(String user, Secret secret) {
            return origin instanceof SecretOrigin.TokenKey
                    ? new Token(Bytes.ofText(secret.reveal()))
                    : parse(user, secret.reveal());
        }
    }

    /** Nothing: only servers that ask for no password. */
    record None() implements ServerCredential {}

    /**
     * A server password: plain text, or a stored MD5 hash made for {@code serverUser}.
     *
     * @throws IllegalArgumentException if the text names something that cannot log in by itself;
     *     the message does not contain it
     */
    static ServerCredential parse(String serverUser, String text) {
        if (text.isEmpty()) {
            return new None();
        }
        if (text.startsWith(StoredSecret.SCRAM_PREFIX)) {
            throw new IllegalArgumentException(
                    "a SCRAM-SHA-256 secret cannot log in to a server: it does not contain the"
                            + " ClientKey");
        }
        if (text.startsWith(SecretOrigin.TOKEN_KEY_PREFIX)) {
            String file = text.substring(SecretOrigin.TOKEN_KEY_PREFIX.length());
            return new Fetched(new SecretOrigin.TokenKey(Path.of(file), serverUser));
        }
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a password cannot contain NUL");
        }
        return Md5Password.isHash(text)
                ? new Md5Hash(serverUser, text)
                : new Plain(Bytes.ofText(text));
    }

    /**
     * What a stored secret of {@code user} can prove before any client has logged in: a SCRAM
     * verifier nothing, a hash or plain text the same as after a login.
     */
    static ServerCredential ofStored(String user, StoredSecret secret) {
        return switch (secret) {
            case StoredSecret.Plain(Bytes password) -> new Plain(password);
            case StoredSecret.Md5(String hash) -> new Md5Hash(user, hash);
            case StoredSecret.Scram _,
                    StoredSecret.None _,
                    StoredSecret.Delegated _,
                    StoredSecret.Unusable _ ->
                    new None();
        };
    }
}
