package io.fairlead.testbed.load;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The traffic generator as a program:
///
/// ```
/// java -cp ... io.fairlead.testbed.load.LoadMain MODE HOST:PORT[,HOST:PORT...] [--connections N] [--message BYTES] [--rate PER_SECOND] [--bytes B]
///      [--count N] [--warmup S] [--seconds S] [--idle S] [--deadline S] [--select BEHAVIOUR] [--request TEXT] [--sources N] [--direct true]
///      [+ MODE HOST:PORT ... for a second workload beside it]
/// ```
///
/// Modes are those of {@link Mode}. Prints one line of JSON per workload. Exit code 0 if none had an error, 1 if one had, 64 for a bad argument.
public final class LoadMain {
    private LoadMain() {}

    public static void main(String[] args) throws InterruptedException {
        List<LoadSpec> specs;
        try {
            specs = parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("bench/load: " + e.getMessage() + "; see bench/load --help");
            System.exit(64);
            return;
        }
        List<LoadResult> results = Load.run(specs, Load.Window.IGNORED);
        results.forEach(result -> System.out.println(result.json()));
        System.exit(results.stream().allMatch(result -> result.errorCount() == 0) ? 0 : 1);
    }

    static List<LoadSpec> parse(String... args) {
        var specs = new ArrayList<LoadSpec>();
        for (int from = 0; from <= args.length; ) {
            int to = from;
            while (to < args.length && !args[to].equals("+")) {
                to++;
            }
            specs.add(parseOne(Arrays.copyOfRange(args, from, to)));
            from = to + 1;
        }
        return specs;
    }

    private static LoadSpec parseOne(String... args) {
        if (args.length < 2) {
            throw new IllegalArgumentException("usage: MODE HOST:PORT[,HOST:PORT...] [--OPTION VALUE ...] [+ MODE ...]");
        }
        LoadSpec spec = LoadSpec.of(Mode.of(args[0]), Arrays.stream(args[1].split(",")).map(LoadMain::address).toArray(InetSocketAddress[]::new));
        for (int i = 2; i < args.length; i += 2) {
            if (!args[i].startsWith("--") || i + 1 == args.length) {
                throw new IllegalArgumentException("\"" + args[i] + "\" is not an option with a value");
            }
            spec = spec.with(args[i].substring(2), args[i + 1]);
        }
        return spec;
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        try {
            if (colon > 0) {
                return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
            }
        } catch (IllegalArgumentException _) { // no number, or no port
        }
        throw new IllegalArgumentException("\"" + text + "\" is not HOST:PORT");
    }
}
