package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;

class ReplyQueueTest {
    @Test
    void isSettledAtFirst() {
        var queue = new ReplyQueue();

        assertThat(queue.isSettled()).isTrue();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.isConfused()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                ">Q <T <D <C <Z",
                ">Q <I <Z",
                ">Q <C <C <C <Z",
                ">Q <E <Z",
                ">F <V <Z",
                ">F <E <Z",
                ">P >B >D >E >S <1 <2 <T <D <C <Z",
                ">P >D >S <1 <t <T <Z",
                ">P >D >S <1 <t <n <Z",
                ">C >S <3 <Z",
                ">B >E >S <2 <s <Z",
                ">S <Z",
                // pipelines
                ">P >B >E >S >P >B >E >S <1 <2 <C <Z <1 <2 <C <Z",
                ">Q >Q >Q <C <Z <C <Z <C <Z",
                ">P >B >E >B >E >S <1 <2 <C <2 <C <Z",
                ">S >S >S <Z <Z <Z",
                ">P >S >Q >F <1 <Z <C <Z <V <Z",
                // errors: everything up to the Sync is skipped, but not beyond it
                ">P >B >E >S <E <Z",
                ">P >B >E >S <1 <E <Z",
                ">P >B >E >S <1 <2 <D <E <Z",
                ">P >S >P >S <E <Z <1 <Z",
                ">P >B >D >E >C >S >B >S <E <Z <2 <Z",
                ">P >Q >S <E <Z",
                ">P >F >S <E <Z",
                ">P >Q >Q >S >Q <E <Z <C <Z",
                // the Sync comes later than the error
                ">P >H <E >B >E >S <Z",
                ">P >H <E >Q >Q >S <Z",
                ">P >H <E >S <Z >Q <C <Z",
                // COPY in a Query
                ">Q <G >d >d >c <C <Z",
                ">Q <G >c <E <Z",
                ">Q <G >d <E <Z",
                ">Q >d >c <G <C <Z",
                ">Q >d >c <E <Z",
                ">Q <G >c <C <G >c <C <Z",
                ">Q >c >c <G <C <G <C <Z",
                ">Q <G >c <C <T <D <C <G >c <C <Z",
                ">Q >c >Q <G <C <Z <C <Z",
                ">Q >c >Q <E <Z <C <Z",
                ">Q <G >S >c <C <Z",
                // COPY in the extended protocol
                ">P >B >E >S <1 <2 <G >d >c >S <C <Z",
                ">B >E >H <2 <G >d >c >S <C <Z",
                ">B >E >H <2 <G >d >S >S >c >S <C <Z",
                ">B >E >d >c >S <2 <G <C <Z",
                ">B >E >S >d >c >S <2 <G <C <Z",
                ">B >E >S >d >c >S >Q <2 <G <C <Z <C <Z",
                ">B >E >d >c >S <E <Z",
                ">B >E >S >d >c >S <E <Z <Z",
                ">B >E >H <2 <G <E >d >c >S <Z",
                // the backend ignores a CopyDone outside of a COPY
                ">c >Q <C <Z",
                ">Q >c <C <Z",
                ">P >c >S <1 <Z",
                // the pooler's own
                ">o <C <Z",
                ">o <E <Z",
                ">o >Q <C <Z <C <Z",
                ">o >o <C <Z <C <Z",
                ">o >P >B >E >S <C <Z <1 <2 <C <Z",
                ">o >P >B >E >S <E <Z <E <Z"
            })
    void isSettledWhenEverythingIsAnswered(String script) {
        String before = script.substring(0, script.lastIndexOf('<'));

        ReplyQueue queue = ReplyScript.play(before);
        boolean tooEarly = queue.isSettled();
        ReplyScript.play(queue, script.substring(script.lastIndexOf('<')));

        assertThat(tooEarly).as("settled before the last reply").isFalse();
        assertThat(queue.isSettled()).as(queue.toString()).isTrue();
        assertThat(queue.isConfused()).isFalse();
    }

    @ParameterizedTest(name = "{0} leaves {1} replies")
    @CsvSource({
        ">Q <C, 1",
        ">P >B, 2",
        ">P >B <1, 1",
        ">P <1, 0",
        ">P <E, 0",
        ">P >S <E, 1",
        ">Q <Z <G, 0",
        ">B >E >S <2 <G, 1", // the Sync was read by the COPY, and ignored
        ">Q <G >c <C, 1",
        ">S >S >Q <Z, 2"
    })
    void countsWhatIsOutstanding(String script, int size) {
        ReplyQueue queue = ReplyScript.play(script);

        assertThat(queue.size()).isEqualTo(size);
        assertThat(queue.isEmpty()).isEqualTo(size == 0);
    }

    @Test
    void keepsABatchOpenUntilItsSync() {
        ReplyQueue queue = ReplyScript.play(">P <1");

        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.isBatchOpen()).isTrue();
        assertThat(queue.isSettled()).isFalse();
    }

    @Test
    void keepsABatchOpenThatWasBegunBehindAnotherOne() {
        ReplyQueue queue = ReplyScript.play(">P >S >B <1 <Z <2");

        assertThat(queue.isBatchOpen()).isTrue();
        assertThat(queue.isSettled()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {">P >Q <1 <C <Z", ">P >F <1 <V <Z"})
    void keepsABatchOpenThatAQueryCameInto(String script) {
        ReplyQueue queue = ReplyScript.play(script);

        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.isSettled()).isFalse();
    }

    /** PostgreSQL 18 fails at the next statement after it. */
    @ParameterizedTest
    @ValueSource(strings = {">P >Q >S <1 <C <Z <Z", ">P >F >S <1 <V <Z <Z"})
    void isConfusedByAQueryWithinABatch(String script) {
        assertThat(ReplyScript.play(script).isConfused()).isTrue();
    }

    /** Whether the Sync counts depends on how far the backend read before it failed. */
    @ParameterizedTest
    @ValueSource(strings = {">P >B >E >S <1 <2 <G >d >c >S <E <Z", ">Q <G >S >d <E <Z"})
    void isConfusedByACopyThatFailsWithASyncInDoubt(String script) {
        assertThat(ReplyScript.play(script).isConfused()).isTrue();
    }

    @Test
    void flushOpensNoBatch() {
        assertThat(ReplyScript.play(">H").isSettled()).isTrue();
    }

    @Test
    void skipsUntilASyncThatWasNotSentYet() {
        ReplyQueue queue = ReplyScript.play(">P >B <E");

        assertThat(queue.isSkipping()).isTrue();
        assertThat(queue.isSettled()).isFalse();

        ReplyScript.play(queue, ">S");

        assertThat(queue.isSkipping()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Q", "F", "P", "B", "D", "E", "C"})
    void owesNothingForAMessageInsideASkip(String type) {
        ReplyQueue queue = ReplyScript.play(">P <E >" + type);

        assertThat(queue.size()).isZero();
        assertThat(queue.isSkipping()).isTrue();
    }

    @Test
    void anErrorOfAQueryStartsNoSkip() {
        ReplyQueue queue = ReplyScript.play(">Q <E");

        assertThat(queue.isSkipping()).isFalse();
        assertThat(queue.size()).isEqualTo(1);
    }

    @Test
    void anErrorThatAnswersNothingChangesNothing() {
        ReplyQueue queue = ReplyScript.play("<E"); // FATAL: the server shuts down

        assertThat(queue.isSettled()).isTrue();
        assertThat(queue.isConfused()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {">Q <G", ">B >E >H <2 <G", ">B >E >S <2 <G", ">Q <G >c <C <G"})
    void knowsThatTheServerWaitsForCopyData(String script) {
        assertThat(ReplyScript.play(script).isCopyIn()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ">Q <G >c",
                ">Q >c <G",
                ">Q <G <E",
                ">Q <G <E <Z",
                ">B >E >H <2 <G <E",
                ">B >E >S >c >S <2 <G",
                ">B >E >H <2 <G >c <C"
            })
    void knowsThatTheServerWaitsForNoCopyData(String script) {
        assertThat(ReplyScript.play(script).isCopyIn()).isFalse();
    }

    @Test
    void aSyncThatACopyIgnoredLeavesTheBatchOpen() {
        ReplyQueue queue = ReplyScript.play(">B >E >S <2 <G >c <C");

        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.isBatchOpen()).isTrue();
        assertThat(queue.isSettled()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "<Z",
                "<1",
                "<2",
                "<3",
                "<n",
                ">P <2",
                ">B <1",
                ">Q <1",
                ">P <Z",
                ">P >S <Z",
                ">Q <C <Z <Z",
                ">P >S <1 <Z <Z"
            })
    void isConfusedByRepliesThatDoNotFit(String script) {
        assertThat(ReplyScript.play(script).isConfused()).isTrue();
    }

    @Test
    void staysConfused() {
        ReplyQueue queue = ReplyScript.play("<Z >Q <C <Z");

        assertThat(queue.isConfused()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {">Q <T <D <C", ">E <T <D", ">Q <T <C <T"})
    void acceptsARowDescriptionWithinAReply(String script) {
        assertThat(ReplyScript.play(script).isConfused()).isFalse();
    }

    @Test
    void tellsWhoseReplyComesNext() {
        ReplyQueue queue = ReplyScript.play(">o >Q");

        assertThat(queue.headIsOwn()).isTrue();

        ReplyScript.play(queue, "<C <Z");

        assertThat(queue.headIsOwn()).isFalse();
        assertThat(new ReplyQueue().headIsOwn()).isFalse();
    }

    @Test
    void growsBeyondItsFirstRing() {
        var queue = new ReplyQueue();
        for (int i = 0; i < 5_000; i++) {
            ReplyScript.play(queue, i % 3 == 0 ? ">Q" : ">P >S");
        }

        for (int i = 0; i < 5_000; i++) {
            ReplyScript.play(queue, i % 3 == 0 ? "<C <Z" : "<1 <Z");
        }

        assertThat(queue.isSettled()).isTrue();
        assertThat(queue.isConfused()).isFalse();
    }

    @Test
    void growsInTheMiddleOfAWrap() {
        for (int offset = 0; offset < 16; offset++) {
            var queue = new ReplyQueue();
            for (int i = 0; i < offset; i++) {
                ReplyScript.play(queue, ">Q <Z");
            }
            String expected = "PBDECSPBDECSPBDECSPBDECSQFPBDECS";
            for (char type : expected.toCharArray()) {
                ReplyScript.sent(queue, type);
            }

            assertThat(new String(queue.freeze().entries(), StandardCharsets.US_ASCII))
                    .isEqualTo(expected);
        }
    }

    @Test
    void wrapsWithoutEnd() {
        ReplyQueue queue = ReplyScript.play(">Q >P >S >F");

        for (int i = 0; i < 1_000; i++) {
            ReplyScript.play(queue, ">Q >P >S >F <C <Z <1 <Z <V <Z");
        }

        assertThat(queue.size()).isEqualTo(4);
        assertThat(queue.isConfused()).isFalse();
    }

    @Test
    void isTheSameAfterAFreezeAtEveryPoint() {
        String[] scripts = {
            ">P >B >D >E >S >P >S <1 <2 <T <D <C <Z <E <Z",
            ">P >H <E >Q >B >S <Z >Q <C <Z",
            ">B >E >S >d >c >S >Q <2 <G <C <Z <C <Z",
            ">Q <G >S >c <C <G >c <E <Z >o >Q <E <Z <C <Z",
            "<Z >Q <Z"
        };
        for (String script : scripts) {
            var plain = new StringBuilder();
            var thawed = new StringBuilder();
            ReplyScript.play(new ReplyQueue(), script, queue -> note(plain, queue));

            ReplyScript.play(
                    new ReplyQueue(),
                    script,
                    queue -> note(thawed, ReplyQueue.thaw(queue.freeze())));

            assertThat(thawed).hasToString(plain.toString());
        }
    }

    private static ReplyQueue note(StringBuilder notes, ReplyQueue queue) {
        notes.append(queue).append(queue.isSettled() ? " settled\n" : "\n");
        return queue;
    }
}
