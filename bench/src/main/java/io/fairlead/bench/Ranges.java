package io.fairlead.bench;

import java.util.List;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// The numbers that a program's options take, and lists without repetition. Any other ends it with {@link Program#EXIT_USAGE}, and is quoted; so
/// are NaN and Infinity, which parse as a `double`. An option that was not given and has no default is right.
public record Ranges(CommandSpec spec) {
    private static final int HOUR_SECONDS = 3600;

    public Ranges atLeast(int least, String... options) {
        return check(value -> value >= least, least + " or more", options);
    }

    public Ranges above(int bound, String... options) {
        return check(value -> value > bound, "above " + bound, options);
    }

    /// Of what an hour is more than enough for: a mistyped number is not to hold the cluster for days.
    public Ranges anHourAtMost(String... options) {
        return check(value -> value <= HOUR_SECONDS, HOUR_SECONDS + " or less", options);
    }

    /// Of a list: the same twice would be run twice, and be one in the tables.
    public Ranges eachOnce(String option, List<?> values) {
        if (Set.copyOf(values).size() < values.size()) {
            String all = values.stream().map(Object::toString).collect(Collectors.joining(","));
            throw new ParameterException(spec.commandLine(), option + " names one twice: " + all);
        }
        return this;
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
