package io.pgdoorman.tls;

import io.pgdoorman.shell.ShellCommand;
import io.pgdoorman.shell.ShellException;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/**
 * A shell command whose output is the passphrase of a private key, as PostgreSQL's {@code
 * ssl_passphrase_command}.
 *
 * <p>Threads: immutable. {@link #run} blocks.
 *
 * @param limit how long it may take
 */
public record PassphraseCommand(String command, Duration limit) {
    /** Where it finds the path of the key. */
    private static final String KEY_FILE = "PG_DOORMAN_KEY_FILE";

    private static final int MAX_BYTES = 1_024;

    /**
     * @return its output without the end of the line, for the caller to overwrite
     */
    char[] run(Path key) throws GeneralSecurityException {
        byte[] bytes;
        try {
            bytes =
                    ShellCommand.run(
                            command, Map.of(KEY_FILE, key.toString()), limit, MAX_BYTES + 1);
        } catch (ShellException e) {
            throw new GeneralSecurityException("the passphrase command " + e.getMessage(), e);
        }
        try {
            return passphrase(bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static char[] passphrase(byte[] bytes) throws GeneralSecurityException {
        int length = bytes.length;
        if (length > MAX_BYTES) {
            throw new GeneralSecurityException(
                    "the passphrase command wrote more than %d bytes".formatted(MAX_BYTES));
        }
        while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
            length--;
        }
        if (length == 0) {
            throw new GeneralSecurityException("the passphrase command wrote nothing");
        }
        CharBuffer text = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes, 0, length));
        char[] passphrase = new char[text.remaining()];
        text.get(passphrase);
        Arrays.fill(text.array(), '\0');
        return passphrase;
    }

    /** The command may hold a secret. */
    @Override
    public String toString() {
        return "PassphraseCommand[***]";
    }
}
