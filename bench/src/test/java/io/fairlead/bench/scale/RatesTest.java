package io.fairlead.bench.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class RatesTest {
    @Test
    void aRatioIsOfTheMediansOfTheRounds() {
        assertEquals("1.50 of kubectl-ws (medians of 3 rounds)", Rates.of(List.of(10.0, 15.0, 99.0))
                .beside("kubectl-ws", Rates.of(List.of(9.0, 10.0, 11.0))));
    }

    @Test
    void aRoundWithoutARateIsSaidAndNotCounted() {
        assertEquals("2.00 of kubectl-ws (medians of 3 and 2 of 3 rounds; the others failed or had errors)",
                Rates.of(List.of(20.0, 20.0, 20.0)).beside("kubectl-ws", Rates.of(List.of(8.0, Double.NaN, 12.0))));
    }

    @Test
    void whereAllRoundsFailedThereIsNoRatio() {
        assertEquals("not comparable with kubectl-ws (medians of 1 and 0 of 1 rounds; the others failed or had errors)",
                Rates.of(List.of(20.0)).beside("kubectl-ws", Rates.of(List.of(Double.NaN))));
    }
}
