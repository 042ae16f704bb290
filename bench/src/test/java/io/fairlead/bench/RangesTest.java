package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

class RangesTest {
    enum Colour { RED, DARK_BLUE }

    @Command(name = "bench/colours")
    static final class Colours implements Callable<Integer> {
        @Option(names = "--colour")
        private Colour colour;

        @Option(names = "--weight", defaultValue = "1")
        private double weight;

        @Option(names = "--pots", defaultValue = "3")
        private int pots;

        @Spec
        private CommandSpec spec;

        @Override
        public Integer call() {
            new Ranges(spec).above(0, "--weight").anHourAtMost("--weight").atLeast(3, "--pots");
            return 0;
        }
    }

    private final Colours colours = new Colours();
    private final StringWriter err = new StringWriter();
    private final CommandLine line = Program.commandLine(colours, Colour.class).setErr(new PrintWriter(err));

    @Test
    void wordsAreReadInAnyCase() {
        assertEquals(0, line.execute("--colour", "dark-Blue", "--weight", "0.01"));
        assertEquals(Colour.DARK_BLUE, colours.colour);
    }

    @Test
    void aWordThatIsNoneIsQuotedWithThoseThatAre() {
        line.execute("--colour", "green");
        assertTrue(err.toString().contains("\"green\" is none of red, dark-blue\n"), err::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--colour", "--colour green", "--shade red", "red", "--weight 0", "--weight -1", "--weight NaN", "--weight Infinity",
            "--weight heavy", "--weight 3600.5", "--pots 2", "--pots 3.5"})
    void aBadArgumentEndsWith64(String arguments) {
        assertEquals(64, line.execute(arguments.split(" ")));
    }

    @Test
    void aNumberOutOfRangeIsQuotedWithItsRange() {
        line.execute("--pots", "2");
        assertTrue(err.toString().contains("--pots 2: has to be 3 or more"), err::toString);
    }
}
