package io.pgdoorman.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One file turned into a {@link Node.Table}: picks the format by the name and keeps secrets out of
 * syntax errors. Threads: any thread, because it has no state.
 */
final class SourceFile {
    /** A configuration is text written by people; far more than that is a wrong file. */
    static final int MAX_BYTES = 8 << 20;

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private static final Pattern SECRET =
            Pattern.compile("pass|secret|scram-|md5", Pattern.CASE_INSENSITIVE);

    private SourceFile() {}

    /** Empty if a problem was reported. */
    static Optional<Node.Table> read(Path file, Problems problems) {
        return readText(file, problems).flatMap(text -> parse(text, file.toString(), problems));
    }

    /** The text of a file; empty if a problem was reported. */
    static Optional<String> readText(Path file, Problems problems) {
        var at = new Node.Position(file.toString(), 0);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1); // a device or pipe tells no size
            if (bytes.length > MAX_BYTES) {
                problems.error(at, "", "larger than " + MAX_BYTES + " bytes");
                return Optional.empty();
            }
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            return Optional.of(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
        } catch (CharacterCodingException notUtf8) {
            problems.error(at, "", "not valid UTF-8");
        } catch (NoSuchFileException missing) {
            problems.error(at, "", "could not open: no such file");
        } catch (IOException | SecurityException failed) {
            problems.error(at, "", "could not read: " + failed);
        }
        return Optional.empty();
    }

    /** Parses text as the format of {@code name}. Empty if a problem was reported. */
    static Optional<Node.Table> parse(String text, String name, Problems problems) {
        var start = new Node.Position(name, 0);
        try {
            return isYaml(name)
                    ? YamlReader.read(text, name, problems)
                    : TomlReader.read(text, name, problems);
        } catch (RuntimeException failed) {
            // Both libraries promise errors, not exceptions; the text of one could quote the file.
            problems.error(start, "", "could not be parsed (" + failed.getClass().getName() + ")");
        } catch (StackOverflowError tooDeep) {
            problems.error(start, "", "nested too deeply");
        }
        return Optional.empty();
    }

    static boolean isYaml(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".yaml") || lower.endsWith(".yml");
    }

    /**
     * A parser's complaint, without what it quotes where that could be a secret: {@code password =
     * hunter2} lacks its quotation marks, and the complaint would show the word.
     */
    static String withoutSecrets(String message, String text, int line) {
        int before = 2; // a value may begin on an earlier line than the one complained about
        boolean mayHoldSecret =
                text.lines()
                        .skip(Math.max(0, line - 1L - before))
                        .limit(before + 1L)
                        .anyMatch(source -> SECRET.matcher(source).find());
        return mayHoldSecret ? "the syntax is wrong (text not shown, near a secret)" : message;
    }
}
