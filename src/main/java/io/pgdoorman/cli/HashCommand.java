package io.pgdoorman.cli;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.migrate.PasswordPrompt;
import io.pgdoorman.wire.Bytes;

import org.apache.commons.cli.Options;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;

/** {@code pg_doorman hash}. Threads: confined to main. */
final class HashCommand {
    private static final String ITERATIONS = "iterations";
    private static final int DEFAULT_ITERATIONS = 4_096;
    private static final int MAX_ITERATIONS = 10_000_000;

    /** PostgreSQL's own limit of a password message. */
    private static final int MAX_BYTES = 65_530;

    private static final String USAGE =
            """
            Usage: pg_doorman hash [OPTIONS]

            Makes the secret of a password, for `password` of a user or ALTER ROLE ... PASSWORD:
            what can check the password and does not tell it. The password is asked for at the
            terminal, or is the first line of standard input.

                  --iterations N       Work to try a password, 4096 or more. Default: 4096, as
                                       PostgreSQL; to pass the login through to PostgreSQL it must
                                       have the very same secret
              -h, --help               Print this text

            Exit codes: 0 done; 1 no usable password; 2 wrong options.
            """;

    private final InputStream in;
    private final PrintWriter out;
    private final PrintWriter err;
    private final PasswordPrompt prompt;

    HashCommand(InputStream in, PrintWriter out, PrintWriter err, PasswordPrompt prompt) {
        this.in = in;
        this.out = out;
        this.err = err;
        this.prompt = prompt;
    }

    /** Returns the exit code. */
    int run(List<String> words) throws UsageException, IOException {
        Options options =
                new Options()
                        .addOption(SubCommand.value(null, ITERATIONS))
                        .addOption("h", SubCommand.HELP, false, null);
        var command = SubCommand.parse("hash", options, words);
        if (command.has(SubCommand.HELP)) {
            out.print(USAGE);
            return ExitCode.OK;
        }
        int iterations = iterations(command.text(ITERATIONS).orElse("" + DEFAULT_ITERATIONS));
        Optional<String> first = prompt.ask("Password: ");
        if (first.isPresent() && !prompt.ask("Again: ").equals(first)) {
            return fail("the two passwords differ");
        }
        String password;
        try {
            password = first.isPresent() ? first.get() : firstLine();
        } catch (CharacterCodingException e) {
            return fail("the password is not valid UTF-8");
        }
        if (password.isEmpty()) {
            return fail("the password is empty");
        }
        if (password.indexOf('\0') >= 0) {
            return fail("a password cannot contain NUL");
        }
        out.println(
                StoredSecret.Scram.of(Bytes.ofText(password), iterations, new SecureRandom())
                        .format());
        return ExitCode.OK;
    }

    private static int iterations(String text) throws UsageException {
        if (!text.matches("[0-9]{1,8}")
                || Integer.parseInt(text) < DEFAULT_ITERATIONS
                || Integer.parseInt(text) > MAX_ITERATIONS) {
            throw new UsageException(
                    "--iterations must be a number from %d to %d, is %s"
                            .formatted(DEFAULT_ITERATIONS, MAX_ITERATIONS, text));
        }
        return Integer.parseInt(text);
    }

    private String firstLine() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            line.write(next);
            if (line.size() > MAX_BYTES) {
                break; // nobody could send it
            }
        }
        String text =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(line.toByteArray()))
                        .toString();
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private int fail(String reason) {
        err.println("pg_doorman: hash: " + reason);
        return ExitCode.FAILURE;
    }
}
