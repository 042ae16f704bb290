package io.fairlead.bench;

import io.fairlead.bench.cluster.ServerPod;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/// How a program of this module begins and ends: its options, and the exit codes that all of them have.
public final class Program {
    /// Bad argument.
    public static final int EXIT_USAGE = 64;
    /// No cluster, or a program that is missing.
    public static final int EXIT_CONFIG = 78;
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_INTERRUPTED = 130;

    /// What the program does.
    public interface Work {
        /// @param interruption to be asked between two pieces of work
        void run(Interruption interruption) throws IOException, InterruptedException;
    }

    private Program() {}

    /// `command` with its options. A bad one is told in a line, and not in all of the help.
    ///
    /// @param words what some options take: the constants' names in lower case, with dashes; in any case
    @SafeVarargs
    public static CommandLine commandLine(Object command, Class<? extends Enum<?>>... words) {
        CommandLine line = new CommandLine(command);
        for (Class<? extends Enum<?>> type : words) {
            register(line, type);
        }
        line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF)); // its guess takes any stream for a terminal since JDK 22
        line.setParameterExceptionHandler((e, _) -> usage(e));
        return line;
    }

    private static <E extends Enum<?>> void register(CommandLine line, Class<E> type) {
        line.registerConverter(type, text -> Arrays.stream(type.getEnumConstants()).filter(one -> word(one).equalsIgnoreCase(text)).findAny()
                .orElseThrow(() -> new TypeConversionException("\"" + text + "\" is none of "
                        + Arrays.stream(type.getEnumConstants()).map(Program::word).collect(Collectors.joining(", ")))));
    }

    /// A constant as an option takes it.
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static int usage(ParameterException e) {
        String name = e.getCommandLine().getCommandName();
        PrintWriter err = e.getCommandLine().getErr();
        err.println(name + ": " + e.getMessage());
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("see " + name + " --help");
        return EXIT_USAGE;
    }

    /// Does `work`, and ends what it started when a signal comes; the exit code.
    public static int run(String name, Work work) {
        try (Interruption interruption = Interruption.guard()) {
            try {
                work.run(interruption);
                return 0;
            } catch (IOException e) {
                interruption.check(); // some take the interrupt for a failure of their own
                System.err.println(name + ": " + sentence(e));
                return EXIT_FAILED;
            }
        } catch (InterruptedException _) {
            System.err.println(name + ": interrupted");
            return EXIT_INTERRUPTED;
        }
    }

    /// Those of the file system have a message that is only the file's name.
    static String sentence(IOException failure) {
        return switch (failure) {
            case AccessDeniedException e -> "no permission for " + e.getFile();
            case FileAlreadyExistsException e -> e.getFile() + " is in the way: it is no folder";
            case NoSuchFileException e -> e.getFile() + " is not there";
            default -> String.valueOf(failure.getMessage());
        };
    }

    /// Whether there is none that answers, and then says so.
    public static boolean lacksCluster(String name) {
        return lacksCluster(name, "a real cluster");
    }

    /// The same for a program that would do without one.
    ///
    /// @param needed what the run needs
    public static boolean lacksCluster(String name, String needed) {
        Optional<Path> kubeconfig = ServerPod.kubeconfig();
        Optional<String> problem = kubeconfig.isEmpty() ? Optional.of("KUBECONFIG names no readable file; the run needs " + needed)
                : ServerPod.unusable(kubeconfig.get());
        problem.ifPresent(text -> System.err.println(name + ": " + text));
        return problem.isPresent();
    }
}
