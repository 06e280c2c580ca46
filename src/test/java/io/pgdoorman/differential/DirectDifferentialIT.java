package io.pgdoorman.differential;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.ResourceLock;

import java.util.stream.Stream;

/** The sequences themselves: PostgreSQL must answer each twice alike, or they prove nothing. */
@ResourceLock(Database.NAME)
class DirectDifferentialIT {
    @TestFactory
    Stream<DynamicContainer> sequencesAreRepeatable() {
        return Differential.directTests();
    }

    @Test
    void sequencesHaveNamesOfTheirOwnInTheirTopic() {
        Differential.TOPICS.forEach(
                (topic, sequences) ->
                        assertThat(sequences)
                                .as(topic)
                                .extracting(Sequence::name)
                                .doesNotHaveDuplicates());
    }
}
