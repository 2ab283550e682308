package io.ambassador.resilience;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    @Test
    void aFifthOfTheConnectionsMayBeTriedAgain() {
        RetryBudget budget = new RetryBudget(0.2);
        int retries = 0;
        for (int i = 0; i < 1_000; i++) {
            budget.earn();
            retries += budget.tryRetry(false) ? 1 : 0;
        }
        assertEquals(200, retries);
    }

    @Test
    void theReserveServesOnlyWhileTheNextEndpointIsThoughtToBeWell() {
        RetryBudget budget = new RetryBudget(0.2);

        assertFalse(budget.tryRetry(false));
        int borrowed = 0;
        while (budget.tryRetry(true)) {
            borrowed++;
        }

        assertEquals(1_000, borrowed);
        budget.earn();
        assertFalse(budget.tryRetry(true), "a fifth of a retry is not one");
    }

    @Test
    void noShareMeansNoRetry() {
        RetryBudget budget = new RetryBudget(0);
        budget.earn();

        assertFalse(budget.tryRetry(true));
    }

    @Test
    void whatIsEarnedInQuietTimesIsBounded() {
        RetryBudget budget = new RetryBudget(1);
        for (int i = 0; i < 100_000; i++) {
            budget.earn();
        }
        int retries = 0;
        while (budget.tryRetry(false)) {
            retries++;
        }
        assertEquals(100, retries, 1);
    }
}
