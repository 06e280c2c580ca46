package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;

/** What becomes of messages about statements, and of those whose reply is made up. */
class StatementRepliesTest {
    private final StringBuilder heard = new StringBuilder();

    private final ReplyQueue.Listener listener =
            new ReplyQueue.Listener() {
                @Override
                public void onConfirmed(byte kind) {
                    heard.append('+').append((char) kind).append(' ');
                }

                @Override
                public void onUndone(byte[] kinds, boolean firstFailed) {
                    heard.append(firstFailed ? '!' : '-');
                    heard.append(new String(kinds, StandardCharsets.US_ASCII)).append(' ');
                }
            };

    private ReplyQueue play(String script) {
        return ReplyScript.play(new ReplyQueue(listener), script);
    }

    @ParameterizedTest(name = "{0} tells {1}")
    @CsvSource({
        "'>M >B >E >S <1 <2 <C <Z', '+M '",
        "'>U >i >B >E >S <1 <1 <2 <C <Z', '+U +i '",
        "'>x >M >S <3 <1 <Z', '+x +M '",
        "'>u >b >E >S <3 <2 <C <Z', '+u +b '",
        "'>M >B >S <E <Z', '!MB '",
        "'>M >B >E >S <1 <E <Z', '+M '",
        "'>B >M >p >z >u >b >S <E <Z', '!BMpzub '",
        "'>B >E >S >M >S <E <Z <1 <Z', '+M '",
        "'>M >S >M >S <E <Z <E <Z', '!M !M '",
        "'>P >B >E >S <E <Z', ''",
    })
    void hearsWhatBecameOfThem(String script, String expected) {
        ReplyQueue queue = play(script);

        assertThat(heard).hasToString(expected);
        assertThat(queue.isSettled()).isTrue();
        assertThat(queue.isConfused()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"p", "z", "k", "K"})
    void aSkippedMessageIsDueWhenNothingElseIs(String kind) {
        ReplyQueue queue = play(">Q >" + kind);
        boolean early = queue.headIsSkipped();
        ReplyScript.play(queue, "<C <Z");
        boolean due = queue.headIsSkipped();

        ReplyScript.play(queue, "<-");

        assertThat(early).isFalse();
        assertThat(due).isTrue();
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void aCopyDoneThatMeetsNoCopyHoldsNoReplyBack() {
        ReplyQueue queue = play(">B >E >c >p >B >S <2 <C");

        assertThat(queue.headIsSkipped()).isTrue();
        ReplyScript.play(queue, "<- <2 <Z");
        assertThat(queue.isConfused()).isFalse();
        assertThat(queue.isSettled()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'>M >B >E', true",
        "'>S', false",
        "'>M >S >B', false",
        "'>M >S >B <1 <Z', true",
        "'>Q', false",
        "'>B >E >S <E <Z >M', true",
        "'>B >E >S <2 <G', true",
        "'>B >E >S >S <2 <G >d >c >S', false",
        "'>o >M', false",
    })
    void theStatusIsCertainUntilSomethingMayChangeIt(String script, boolean certain) {
        ReplyQueue queue = play(script);

        assertThat(queue.isStatusCertain()).isEqualTo(certain);
        assertThat(ReplyQueue.thaw(queue.freeze()).isStatusCertain()).isEqualTo(certain);
    }
}
