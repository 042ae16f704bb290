package io.fairlead.cli;

/// The `fairlead` command. Everything but the exit is in {@link Cli}, which tests call without ending their JVM.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(new Cli(Output.ofProcess()).run(args).code());
    }
}
