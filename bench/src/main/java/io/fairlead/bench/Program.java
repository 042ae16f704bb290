package io.fairlead.bench;

import io.fairlead.bench.cluster.ServerPod;
import java.io.IOException;
import picocli.CommandLine;

/// How a program of this module begins and ends: its options, and the exit codes that all of them have.
public final class Program {
    /// Bad argument.
    public static final int EXIT_USAGE = 64;
    /// No cluster, or a program that is missing.
    public static final int EXIT_CONFIG = 78;
    private static final int EXIT_INTERRUPTED = 130;

    /// What the program does.
    public interface Work {
        /// @param interruption to be asked between two pieces of work
        void run(Interruption interruption) throws IOException, InterruptedException;
    }

    private Program() {}

    /// `command` with its options; enum values are read in any case.
    public static CommandLine commandLine(Object command) {
        CommandLine line = new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true);
        line.getCommandSpec().exitCodeOnInvalidInput(EXIT_USAGE);
        return line;
    }

    /// Does `work`, and ends what it started when a signal comes; the exit code.
    public static int run(String name, Work work) {
        try (Interruption interruption = Interruption.guard()) {
            work.run(interruption);
            return 0;
        } catch (InterruptedException _) {
            System.err.println(name + ": interrupted");
            return EXIT_INTERRUPTED;
        } catch (IOException e) {
            System.err.println(name + ": " + e.getMessage());
            return 1;
        }
    }

    /// Whether there is none, and then says so.
    public static boolean lacksCluster(String name) {
        boolean lacks = ServerPod.kubeconfig().isEmpty();
        if (lacks) {
            System.err.println(name + ": KUBECONFIG names no readable file; the run needs a real cluster");
        }
        return lacks;
    }
}
