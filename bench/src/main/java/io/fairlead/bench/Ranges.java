package io.fairlead.bench;

import java.util.function.DoublePredicate;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// The numbers that a program's options take. Any other ends it with {@link Program#EXIT_USAGE}, and is quoted; so are NaN and Infinity, which
/// parse as a `double`. An option that was not given and has no default is right.
public record Ranges(CommandSpec spec) {
    public Ranges atLeast(int least, String... options) {
        return check(value -> value >= least, least + " or more", options);
    }

    public Ranges above(int bound, String... options) {
        return check(value -> value > bound, "above " + bound, options);
    }

    private Ranges check(DoublePredicate right, String range, String... options) {
        for (String option : options) {
            Number value = spec.findOption(option).getValue();
            if (value != null && !(Double.isFinite(value.doubleValue()) && right.test(value.doubleValue()))) {
                throw new ParameterException(spec.commandLine(), option + " " + value + ": has to be " + range);
            }
        }
        return this;
    }
}
