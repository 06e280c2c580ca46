package io.pgdoorman.migrate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** Reads the files of another program. Threads: no state. */
final class TextFile {
    /** A configuration is text written by people; far more than that is a wrong file. */
    private static final int MAX_BYTES = 8 << 20;

    private TextFile() {}

    /**
     * The lines of a file.
     *
     * @param why who names the file, for the message
     */
    static List<String> lines(Path file, String why) throws MigrationException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1); // a device or pipe tells no size
            if (bytes.length > MAX_BYTES) {
                throw unreadable(file, why, "it is larger than %d bytes".formatted(MAX_BYTES));
            }
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (text.indexOf('\0') >= 0) {
                throw unreadable(file, why, "it has a null byte, so it is no text");
            }
            return text.lines().toList();
        } catch (CharacterCodingException notUtf8) {
            throw unreadable(
                    file, why, "it is not valid UTF-8; convert it, for instance with iconv");
        } catch (IOException e) {
            throw MigrationException.ofFile("cannot read %s (%s)".formatted(file, why), e);
        }
    }

    /**
     * A file that {@code base} names. As in PgBouncer a relative name starts at the working
     * directory; where nothing is there, at the directory of {@code base}, because the import
     * seldom runs where PgBouncer does.
     */
    static Path resolve(String name, Path base, Place at) throws MigrationException {
        try {
            Path file = Path.of(name);
            Path beside = base.resolveSibling(file);
            return !file.isAbsolute() && !Files.exists(file) && Files.exists(beside)
                    ? beside
                    : file;
        } catch (InvalidPathException e) {
            throw new MigrationException(at + ": no file can have the name that is given here");
        }
    }

    private static MigrationException unreadable(Path file, String why, String reason) {
        return new MigrationException("cannot read %s (%s): %s".formatted(file, why, reason));
    }
}
