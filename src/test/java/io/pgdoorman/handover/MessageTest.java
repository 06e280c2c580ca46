package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.handover.format.FieldWriter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HexFormat;

/** Types of messages, and the reason that some of them give. */
class MessageTest {
    private static final int TYPES = 20;

    private static String reason(String hex) {
        return Messages.of(MessageType.FAILED, HexFormat.of().parseHex(hex)).reason();
    }

    @ParameterizedTest
    @CsvSource({
        "1, HELLO",
        "2, REFUSED",
        "3, LISTENERS",
        "4, LISTENING",
        "5, STATE",
        "6, READY",
        "7, BATCH",
        "8, PREPARED",
        "9, COMMIT",
        "10, WANTS",
        "11, CANCEL",
        "12, CANCELLED",
        "13, END",
        "14, BYE",
        "15, ROLLBACK",
        "16, FAILED",
        "17, STOP",
        "18, COMMAND",
        "19, ANSWER",
        "20, PLACED"
    })
    void aTypeKeepsItsCode(int code, MessageType type) throws Exception {
        assertThat(type.code()).isEqualTo(code);
        assertThat(MessageType.of(code)).isEqualTo(type);
    }

    /** A new one goes into the table above. */
    @Test
    void theTableAboveHasAllTypes() {
        assertThat(MessageType.values()).hasSize(TYPES);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, TYPES + 1, 255, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anotherCodeIsRefusedByName(int code) {
        assertThatThrownBy(() -> MessageType.of(code))
                .isInstanceOf(HandoverException.class)
                .hasMessageContaining("unknown type " + code);
    }

    @Test
    void theReasonIsTheFirstField() {
        var body = new FieldWriter().put(7, "something else").put(1, "no descriptors left");

        String reason = Messages.of(MessageType.REFUSED, body).reason();

        assertThat(reason).isEqualTo("no descriptors left");
    }

    @Test
    void withoutAReasonItIsUnknown() {
        assertThat(reason("")).isEqualTo("unknown");
        assertThat(reason("1201ff")).isEqualTo("unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0a", "0a05", "0801", "00", "ff", "0f"})
    void aReasonThatCannotBeReadIsSaidToBeSo(String body) {
        assertThat(reason(body)).startsWith("unreadable (");
    }
}
