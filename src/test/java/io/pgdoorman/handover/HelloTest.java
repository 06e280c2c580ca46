package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.Shape;
import io.pgdoorman.handover.format.Tree;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HexFormat;

/** Two versions of the program, and whether they understand each other. */
class HelloTest {
    private static final Hello HELLO = new Hello(1, 0, "0.9.1", 4_194_304, 1_000, true);

    /** As version 1.0 writes it, for ever. */
    private static final String BYTES =
            "0801" + "1a05302e392e31" + "2080808002" + "28e807" + "3001";

    private static Hello read(FieldWriter body) throws HandoverException {
        return Hello.read(Messages.of(MessageType.HELLO, body));
    }

    @Test
    void itsBytesAreThese() throws Exception {
        byte[] bytes = HexFormat.of().parseHex(BYTES);

        Hello read = Hello.read(Messages.of(MessageType.HELLO, bytes));

        assertThat(read).isEqualTo(HELLO);
        assertThat(HELLO.write().toByteArray()).isEqualTo(bytes);
    }

    @Test
    void saysWhoThisProcessIs() throws Exception {
        Hello own = read(Hello.of("0.9.1", false).write());

        assertThat(own.major()).isEqualTo(Hello.MAJOR);
        assertThat(own.minor()).isEqualTo(Hello.MINOR);
        assertThat(own.version()).isEqualTo("0.9.1");
        assertThat(own.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(own.room()).isPositive();
        assertThat(own.staged()).isFalse();
    }

    @Test
    void anotherMajorVersionIsRefusedByNamingBoth() {
        FieldWriter next = new Hello(2, 0, "3.0.0", 17, 1_000, false).write();

        assertThatThrownBy(() -> read(next))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("version 3.0.0 speaks version 2 of the handover")
                .hasMessageContaining("this one (1) cannot");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, -1, Integer.MAX_VALUE})
    void onlyTheOwnMajorVersionIsUnderstood(int major) {
        FieldWriter other = new Hello(major, 0, "", 17, 1_000, false).write();

        assertThatThrownBy(() -> read(other)).isInstanceOf(HandoverException.class);
    }

    @Test
    void aHelloWithoutAnythingIsOfAnotherVersion() {
        assertThatThrownBy(() -> read(new FieldWriter()))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("version ? speaks version 0");
    }

    @Test
    void anyMinorVersionIsUnderstoodWithTheFieldsItAdds() throws Exception {
        var later = new Hello(1, 99, "1.7.0", 17, 1_000, true);

        for (byte[] message :
                Tree.parse(later.write().toByteArray(), Shape.of("hello")).withUnknownFields()) {
            assertThat(Hello.read(Messages.of(MessageType.HELLO, message))).isEqualTo(later);
        }
    }

    @Test
    void whatIsNoHelloIsAHandoverException() {
        Messages.assertHostile(HELLO.write().toByteArray(), MessageType.HELLO, Hello::read);
    }
}
