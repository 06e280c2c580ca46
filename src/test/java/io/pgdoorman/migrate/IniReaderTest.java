package io.pgdoorman.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class IniReaderTest {
    @TempDir private Path directory;
    private BouncerFiles files;

    @BeforeEach
    void create() {
        files = new BouncerFiles(directory);
    }

    @Test
    void readsTheDialectOfPgBouncer() throws Exception {
        Path file =
                files.write(
                        "a.ini",
                        "\n  ; comment\n#another\n[s]\r\n key=a ; no comment # neither \r\n"
                                + "\"q \"\"x\"\"\" =\n*=1\na.b-c_9 = = x\n");

        List<IniEntry> entries = IniReader.read(file);

        assertThat(entries)
                .extracting(IniEntry::key, IniEntry::value)
                .containsExactly(
                        tuple("key", "a ; no comment # neither"),
                        tuple("q \"x\"", ""),
                        tuple("*", "1"),
                        tuple("a.b-c_9", "= x"));
        assertThat(entries.getFirst().at().line()).isEqualTo(5);
    }

    @Test
    void includesContinueTheSectionInBothDirections() throws Exception {
        Files.createDirectory(directory.resolve("sub"));
        files.write("sub/b.ini", "b = 2\n[t]\n");
        Path file = files.write("a.ini", "[s]\na = 1\n%include sub/b.ini\nc = 3\n");

        List<IniEntry> entries = IniReader.read(file);

        assertThat(entries)
                .extracting(e -> e.section() + "." + e.key())
                .containsExactly("s.a", "s.b", "t.c");
        assertThat(entries.get(1).at().file()).endsWith("b.ini");
    }

    @Test
    void brokenLinesAreAllNamedAndNotShown() {
        Path file =
                files.write(
                        "a.ini", "early = 1\n[s]\npassword hunter2\n[unclosed\n\"open = 1\n= x\n");

        assertThatThrownBy(() -> IniReader.read(file))
                .isInstanceOf(MigrationException.class)
                .hasMessageContainingAll("a.ini:1", "a.ini:3", "a.ini:4", "a.ini:5", "a.ini:6")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void aLoopOfIncludesIsAnError() {
        files.write("b.ini", "%include a.ini\n");
        Path file = files.write("a.ini", "%include b.ini\n");

        assertThatThrownBy(() -> IniReader.read(file))
                .isInstanceOf(MigrationException.class)
                .hasMessageContainingAll("loop", "included by");
    }

    @Test
    void aMissingIncludeIsAnErrorThatSaysWho() {
        Path file = files.write("a.ini", "[s]\n%include none.ini\n");

        assertThatThrownBy(() -> IniReader.read(file))
                .isInstanceOf(MigrationException.class)
                .hasMessageContainingAll("none.ini", "included by", "a.ini:2", "no such file");
    }

    @Test
    void whatIsNoTextIsAnError() throws Exception {
        Path latin = Files.write(directory.resolve("l.ini"), new byte[] {'[', (byte) 0xe4, ']'});
        Path binary = Files.write(directory.resolve("n.ini"), new byte[] {'[', 0, ']'});

        assertThatThrownBy(() -> IniReader.read(latin)).hasMessageContaining("UTF-8");
        assertThatThrownBy(() -> IniReader.read(binary)).hasMessageContaining("null byte");
        assertThatThrownBy(() -> IniReader.read(directory))
                .isInstanceOf(MigrationException.class)
                .hasMessageContaining(directory.toString());
    }

    @Test
    void readsConnectionStrings() throws Exception {
        Map<String, String> pairs =
                ConnectString.parse(entry("a=1  b = 'two ''words''' c='' d= e=x'y"));

        assertThat(pairs)
                .containsExactly(
                        Map.entry("a", "1"),
                        Map.entry("b", "two 'words'"),
                        Map.entry("c", ""),
                        Map.entry("d", "e=x'y"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"word", "password='hunter2", "a='hunter2'b=1", "=hunter2", "a b=1"})
    void aBrokenConnectionStringIsAnErrorWithoutItsText(String text) {
        assertThatThrownBy(() -> ConnectString.parse(entry(text)))
                .isInstanceOf(MigrationException.class)
                .hasMessageContainingAll("file.ini:7", "app", "character")
                .hasMessageNotContaining("hunter2");
    }

    private static IniEntry entry(String value) {
        return new IniEntry(new Place("file.ini", 7), "databases", "app", value);
    }
}
