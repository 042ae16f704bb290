package io.fairlead.bench.compare;

import io.fairlead.bench.record.Run;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// `bench/compare A B [--reference PEER] [--ratios]`: which figures of two runs' folders differ beyond their noise ({@link Noise}).
///
/// `--reference`: the peer that is the same program in both runs, `kubectl-ws` if not said; every other peer's figures are compared as a
/// ratio to it too, round by round. `--ratios`: nothing but those ratios, for runs of two machines.
///
/// Exit code 0 if nothing differs, 1 if something does, 64 for a bad argument, a folder that cannot be read, or runs that share no figure.
public final class CompareMain {
    private CompareMain() {}

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    static int run(PrintStream out, PrintStream err, String... args) {
        var folders = new ArrayList<Path>();
        String named = null;
        boolean onlyRatios = false;
        try {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--ratios" -> onlyRatios = true;
                    case "--reference" -> {
                        i++;
                        require(i < args.length, "--reference has no peer behind it");
                        named = args[i];
                    }
                    default -> {
                        require(!args[i].startsWith("-"), "no option " + args[i]);
                        folders.add(Path.of(args[i]));
                    }
                }
            }
            require(folders.size() == 2, "usage: bench/compare A B [--reference PEER] [--ratios]");
            Run a = Run.read(folders.getFirst());
            Run b = Run.read(folders.getLast());
            require(a.others().isEmpty() && b.others().isEmpty(),
                    "only runs of bench/peer and of JMH can be compared: those of bench/isolation and bench/scale"
                    + " measure once, so nothing is known of their noise");
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
            return Stream.of(compared.ratios(), compared.figures(), compared.jmh()).flatMap(List::stream)
                    .anyMatch(line -> line.verdict().differs()) ? 1 : 0;
        } catch (IOException | IllegalArgumentException e) {
            err.println("compare: " + e.getMessage());
            return 64;
        }
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
