package io.fairlead.bench.compare;

import io.fairlead.bench.Program;
import io.fairlead.bench.record.Run;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Which figures of two runs' folders differ beyond their noise ({@link Noise}).
@Command(name = "bench/compare", mixinStandardHelpOptions = false, sortOptions = false, usageHelpWidth = 130,
        description = "Tells which figures of two runs differ beyond their noise, and by how much.",
        footerHeading = "%n",
        footer = {
            "What differs beyond noise: with 5 rounds or more in both runs, Mann-Whitney p < 0.01; with 3 or 4, ranges that lie apart, and",
            "medians further than both are wide; of JMH, 99.9 %% intervals that do not overlap; always: medians at least 3 %% apart. It is",
            "no test: nothing fails because a machine was busy. See docs/BENCHMARKS.md, section 7.",
            "",
            "Exit code 0: nothing differs. 1: something does. 64: a bad argument, a folder that cannot be read, or runs that share no figure.",
            "",
            "Example, two runs of bench/peer on different machines:",
            "  bench/compare jmh-results/2026-11-22T2100-amd-epyc-2c jmh-results/2026-12-01T0900-arm-8c --ratios"})
public final class CompareMain implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "A", description = "a run's folder, of bench/peer, bench/jmh or bench/macro: the older one")
    private Path folderA;

    @Parameters(index = "1", paramLabel = "B", description = "the newer one")
    private Path folderB;

    @Option(names = "--reference", paramLabel = "PEER", description = "the peer that is the same program in both runs (default kubectl-ws): every"
            + " other one's figures are compared as a ratio to it, too, round by round")
    private String named;

    @Option(names = "--ratios", description = "nothing but those ratios: for runs of two machines")
    private boolean onlyRatios;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "this text")
    private boolean help;

    @Spec
    private CommandSpec spec;

    private CompareMain() {}

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    static int run(PrintStream out, PrintStream err, String... args) {
        return Program.commandLine(new CompareMain()).setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8)).execute(args);
    }

    @Override
    public Integer call() {
        try {
            return compare(Run.read(folderA), Run.read(folderB), spec.commandLine().getOut());
        } catch (IOException | IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private int compare(Run a, Run b, PrintWriter out) {
        require(a.others().isEmpty() && b.others().isEmpty(),
                "only runs of bench/peer, bench/jmh and bench/macro can be compared: those of bench/isolation and bench/scale measure once, so nothing"
                        + " is known of their noise; read their summary.md side by side");
        require(named == null || a.peers().contains(named) && b.peers().contains(named), "--reference \"" + named
                + "\" is no peer of both runs: A has " + a.peers() + ", B " + b.peers());
        String reference = named == null ? "kubectl-ws" : named;
        Comparison all = Comparison.of(a, b, reference);
        Comparison compared = onlyRatios ? new Comparison(all.ratios(), List.of(), List.of(), all.missing()) : all;
        require(!all.isEmpty(), "the runs share no figure; " + String.join("; ", all.missing()));
        require(!onlyRatios || !all.ratios().isEmpty(), "the runs share no ratio to \"" + reference + "\"; A has " + a.peers() + ", B "
                + b.peers());
        out.print(Table.of(compared, a.name(), b.name(), reference));
        if (!onlyRatios && !machine(a).equals(machine(b))) {
            out.println("The folders name different machines: figures as they are say nothing about the code; see the ratios (--ratios).");
        }
        if (!a.conditions().isEmpty() && !b.conditions().isEmpty() && !a.conditions().equals(b.conditions())) {
            out.println("The runs were not measured alike (A: " + a.conditions() + "; B: " + b.conditions() + "), so what differs need not be of the"
                    + " code.");
        }
        out.flush();
        return Stream.of(compared.ratios(), compared.figures(), compared.jmh()).flatMap(List::stream)
                .anyMatch(line -> line.verdict().differs()) ? 1 : 0;
    }

    /// `<cpu model>-<cores>c` out of the folder's name.
    private static String machine(Run run) {
        return run.name().replaceFirst("^[0-9-]+T[0-9]+-", "").replaceFirst("(-[0-9]+c)-.*", "$1");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
