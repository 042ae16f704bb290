package io.fairlead.bench;

import picocli.CommandLine.Option;

/// Options that the runs with forwarder processes share.
public final class RunOptions {
    public static final String FAIRLEAD = "bin/fairlead";

    @Option(names = "--fairlead", paramLabel = "PROGRAM", defaultValue = FAIRLEAD, description = "default ${DEFAULT-VALUE}")
    public String fairlead;

    @Option(names = "--kubectl", paramLabel = "PROGRAM", defaultValue = "kubectl", description = "default ${DEFAULT-VALUE}")
    public String kubectl;

    @Option(names = "--results", paramLabel = "FOLDER|none", defaultValue = "jmh-results",
            description = "where to write (default ${DEFAULT-VALUE}); none: a temporary folder")
    public String results;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "this text")
    private boolean help;
}
