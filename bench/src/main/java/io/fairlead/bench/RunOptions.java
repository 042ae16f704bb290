package io.fairlead.bench;

import io.fairlead.bench.peer.RunFolder;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Options that the runs with forwarder processes share.
public final class RunOptions {
    public static final String FAIRLEAD = "bin/fairlead";

    @Option(names = "--fairlead", paramLabel = "PROGRAM", defaultValue = FAIRLEAD, description = "default ${DEFAULT-VALUE}")
    public String fairlead;

    @Option(names = "--kubectl", paramLabel = "PROGRAM", defaultValue = "kubectl", description = "default ${DEFAULT-VALUE}")
    public String kubectl;

    @Option(names = "--results", paramLabel = "FOLDER|none", defaultValue = RunFolder.RESULTS,
            description = "where the run's folder is made: a folder that is there, seen from the repository's (default ${DEFAULT-VALUE}); none: a"
                    + " temporary one")
    public String results;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "this text")
    private boolean help;

    /// Refuses what cannot be used, before anything is started.
    public void check(CommandSpec spec) {
        try {
            RunFolder.require(results);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
