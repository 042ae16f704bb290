package io.fairlead.cli;

/// The `fairlead` command. Everything but the exit is in {@link Cli}, which tests call without ending their JVM.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // It would warn of no logger when file handles are out, as it could not open the jar that has it.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        System.exit(new Cli(Output.ofProcess()).run(args).code());
    }
}
