package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private final MemoryBudget budget = new MemoryBudget(100);

    @Test
    void countsWhatIsHeldAndTellsWhenItIsTooMuch() {
        assertThat(budget.add(60)).isTrue();
        assertThat(budget.add(40)).isTrue();
        assertThat(budget.add(1)).isFalse();
        assertThat(budget.used()).as("held all the same").isEqualTo(101);

        budget.subtract(61);
        assertThat(budget.add(60)).isTrue();
        assertThat(budget.used()).isEqualTo(100);
    }

    @Test
    void aNewLimitCountsAtOnce() {
        assertThat(budget.add(80)).isTrue();
        budget.setLimit(50);

        assertThat(budget.add(1)).isFalse();
        budget.setLimit(200);
        assertThat(budget.add(1)).isTrue();
    }
}
