package io.fairlead.cli;

import io.fairlead.cli.bench.Figure;
import io.fairlead.cli.bench.Generator;
import io.fairlead.cli.bench.Item;
import io.fairlead.cli.bench.Report;
import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.TestPod;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/// `fairlead bench`: measures the path to a port of a pod. Generators, forwards and, without a target, the cluster run in this process; each
/// measurement has a forward of its own. Order: every item once unmeasured, so that no figure has the start of the JVM in it and a target that cannot do
/// what was said of it is found; the direct path, where there is one; each number of sessions; and all of that a second time, in reverse: a JVM gets
/// faster for a while, and that is not to pass for a gain of sessions. Of the two figures the better one counts.
///
/// What `--json` writes stands in docs/OPERATING.md 11.
///
/// @param version of this program
record BenchCommand(Output output, String version) {
    private static final String POD = "bench";
    /// Longest unmeasured run of an item; a shorter window shortens it.
    private static final Duration FIRST_MAX = Duration.ofSeconds(1);
    private static final Duration FIRST_AGAIN = Duration.ofSeconds(5);
    private static final Duration WARM_UP_MAX = Duration.ofMillis(500);
    private static final long SESSIONS_UP_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long CAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    /// What a measurement takes beside its traffic: a forward, connections.
    private static final Duration BESIDE = Duration.ofMillis(100);
    private static final int PROBE_MILLIS = 1_000;
    private static final int ROUND_TRIPS = 9;
    private static final int CAUSES_MAX = 3;
    private static final int PASSES = 2;

    /// Ends the run: the target cannot do what was said of it.
    private static final class TargetException extends Exception {
        private static final long serialVersionUID = 1L;

        TargetException(String what, String why, String remedy) {
            super(what + "\n        why   " + why + "\n        do    " + remedy, null, false, false);
        }
    }

    ExitCode run(BenchOptions options) {
        Optional<Path> json = jsonFile(options);
        if (json.isPresent() && !canWrite(json.get())) {
            return ExitCode.FAILED;
        }
        Signals signals = Signals.install(ExitCode.INTERRUPTED);
        var run = new Run(options);
        ExitCode code = ExitCode.OK;
        try {
            try (Engine engine = Engine.start(); Embedded embedded = options.target().isPresent() ? null : Embedded.start()) {
                run.all(engine, embedded);
            }
        } catch (InterruptedException _) {
            signals.settle(ExitCode.OK);
            if (run.figures.isEmpty()) {
                output.problem("ended before anything was measured" + json.map(file -> "; " + file + " is not written").orElse(""));
            }
        } catch (TargetException e) {
            output.problem(e.getMessage());
            code = ExitCode.FAILED;
        } catch (ForwardException e) {
            output.problem(options.target().map(spec -> Failures.message(e.failure(), spec)).orElseGet(e.failure()::message));
            code = Failures.exitCode(e.failure());
        } catch (IOException e) {
            output.problem("the embedded cluster does not start\n        why   " + e + "\n        do    check free ports and space in "
                    + System.getProperty("java.io.tmpdir"));
            code = ExitCode.FAILED;
        }
        if (!run.figures.isEmpty()) {
            Report report = run.report();
            boolean sound = show(report, options.json(), json) && report.measured().stream().allMatch(figure -> figure.errorCount() == 0);
            code = sound || code != ExitCode.OK ? code : ExitCode.FAILED;
        }
        return signals.settle(code);
    }

    private static Optional<Path> jsonFile(BenchOptions options) {
        return options.json().filter(name -> !name.equals("-")).map(Path::of);
    }

    private void cannotWrite(Path file, IOException e) {
        Path folder = file.toAbsolutePath().getParent();
        boolean noFolder = folder != null && !Files.isDirectory(folder);
        output.problem("cannot write " + file + "\n        why   " + (noFolder ? "there is no folder " + folder
                : Files.isDirectory(file) ? "it is a folder" : e instanceof AccessDeniedException ? "permission denied" : e)
                + "\n        do    " + (noFolder ? "make the folder, or " : "") + "name another file with --json");
    }

    /// A minute of measuring is not to end in a file that cannot be written.
    private boolean canWrite(Path file) {
        try {
            boolean there = Files.exists(file);
            // What it holds stays until there is something new.
            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
            if (!there) {
                Files.delete(file);
            }
            return true;
        } catch (IOException e) {
            cannotWrite(file, e);
            return false;
        }
    }

    /// @return whether the file, if there is to be one, was written
    private boolean show(Report report, Optional<String> json, Optional<Path> file) {
        boolean jsonAlone = json.equals(Optional.of("-"));
        report.lines().forEach(jsonAlone ? output::error : output::line);
        if (jsonAlone) {
            output.line(report.json());
        }
        if (file.isPresent()) {
            try {
                Files.writeString(file.get(), report.json() + "\n");
            } catch (IOException e) {
                cannotWrite(file.get(), e);
                return false;
            }
        }
        return true;
    }

    /// One pod of the embedded cluster with a server for each purpose.
    private record Embedded(Testbed testbed, TestPod pod) implements AutoCloseable {
        static Embedded start() throws IOException {
            Testbed testbed = Testbed.builder().start();
            try {
                return new Embedded(testbed, testbed.addPod(PodSpec.named(POD).port("echo", Generator.ECHO_PORT, PodBehaviour.echo())
                        .port("check", Generator.CHECK_PORT, PodBehaviour.check()).port("source", Generator.SOURCE_PORT, PodBehaviour.source())));
            } catch (IOException | RuntimeException e) {
                testbed.close();
                throw e;
            }
        }

        ForwardSpec spec() {
            return ForwardSpec.of("pod/" + POD, ":" + Generator.ECHO_PORT, ":" + Generator.CHECK_PORT, ":" + Generator.SOURCE_PORT)
                    .withKubeconfig(testbed.kubeconfig()).withNamespace("default").withAddresses("127.0.0.1");
        }

        @Override
        public void close() {
            testbed.close();
        }
    }

    /// Where the server of a URL is; empty for what is no URL with a host.
    static Optional<InetSocketAddress> address(String server) {
        try {
            URL url = URI.create(server).toURL(); // a URI knows no host with a _ in it
            return url.getHost().isEmpty() ? Optional.empty()
                    : Optional.of(new InetSocketAddress(url.getHost(), url.getPort() > 0 ? url.getPort() : url.getDefaultPort()));
        } catch (MalformedURLException | IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /// One run. Thread: the command's.
    private final class Run {
        private final BenchOptions options;
        private final List<Figure> figures = new ArrayList<>();
        /// Told by the forward's own thread.
        private final List<String> causes = new CopyOnWriteArrayList<>();
        private final Map<String, Object> target = new LinkedHashMap<>();
        private OptionalDouble roundTripMicros = OptionalDouble.empty();
        private int measurements;
        private final Duration first;
        private final Duration warmUp;
        private boolean complete;

        Run(BenchOptions options) {
            this.options = options;
            first = shorter(FIRST_MAX, options.window());
            warmUp = shorter(WARM_UP_MAX, options.window());
        }

        private static Duration shorter(Duration one, Duration other) {
            return one.compareTo(other) < 0 ? one : other;
        }

        void all(Engine engine, Embedded embedded) throws ForwardException, InterruptedException, TargetException {
            ForwardSpec spec = options.target().orElseGet(() -> embedded.spec());
            List<Item> items;
            Forward.Route route;
            try (Forward forward = engine.forward(spec.withSessions(options.sessions().getFirst()), this::event)) {
                items = Item.of(options.generator(), options.text(), forward.listeners().getFirst().remotePort(), options.connections());
                route = forward.route();
                begin(forward, embedded, spec, items);
            }
            var paths = new ArrayList<>(options.sessions());
            if (isDirectFit(items, embedded, route)) {
                paths.addFirst(Figure.DIRECT);
            }
            measurements = PASSES * paths.size() * items.size();
            for (List<Integer> pass : List.of(paths, paths.reversed())) {
                for (int sessions : pass) {
                    for (Item item : items) {
                        if (sessions == Figure.DIRECT) {
                            measure(item, direct(item, embedded, route), Figure.DIRECT, Optional.empty());
                        } else {
                            measure(item, engine, spec, sessions);
                        }
                    }
                }
            }
            complete = true;
        }

        /// Through a forward of its own: the engine opens another session beside one that an upload stalls, and the next item is not to have it.
        private void measure(Item item, Engine engine, ForwardSpec spec, int sessions) throws ForwardException, InterruptedException {
            try (Forward forward = engine.forward(spec.withSessions(sessions), this::event)) {
                awaitSessions(forward, sessions);
                measure(item, DemoCommand.local(forward, item.port()), sessions, Optional.of(forward));
            }
        }

        private void event(ForwardEvent event) {
            switch (event) {
                case ForwardEvent.PairFailed(_, _, var cause) -> cause(cause);
                case ForwardEvent.TunnelLost(var pod, var pairs, var cause) ->
                        cause("session to pod " + pod + " lost with " + pairs + " connections: " + cause);
                case ForwardEvent.SpareFailed(var failure) -> cause("a further session could not be opened: " + failure.what() + ": " + failure.why());
                default -> { }
            }
        }

        private void cause(String cause) {
            if (causes.size() < CAUSES_MAX && !causes.contains(cause)) {
                causes.add(cause);
            }
        }

        /// What comes before the first measurement through a forward.
        private void begin(Forward forward, Embedded embedded, ForwardSpec spec, List<Item> items) throws InterruptedException, TargetException {
            String server = forward.route().server();
            roundTripMicros = roundTrip(server);
            target.put("target", embedded == null ? spec.target() : "the embedded cluster");
            target.put("pod", forward.pod());
            target.put("port", forward.listeners().getFirst().remotePort());
            target.put("server", server);
            target.put("direct", null);
            target.put("generator", options.generator().name().toLowerCase(Locale.ROOT));
            target.put("window_s", options.window().toMillis() / 1e3);
            output.error("fairlead: measuring pod " + forward.pod() + ", about " + seconds(items.size(), 1 + options.sessions().size()) + " s; Ctrl-C ends");
            int count = 0;
            for (Item item : items.reversed()) { // the more is asked of the target the sooner it is known that it cannot
                unmeasured(++count, items, item, "");
                tryOut(forward, item);
            }
            causes.clear();
        }

        private void unmeasured(int number, List<Item> items, Item item, String path) {
            output.error("fairlead: unmeasured %d of %d: %s%s".formatted(number, items.size(), item.label(), path));
        }

        private boolean isDirectFit(List<Item> items, Embedded embedded, Forward.Route route) throws InterruptedException {
            Optional<String> unfit = unfitForDirect(items, embedded, route);
            if (unfit.isPresent()) {
                target.put("direct_why_not", unfit.get());
                output.error("fairlead: the direct path is not measured: " + unfit.get());
                return false;
            }
            target.put("direct", EventPrinter.hostAndPort(direct(items.getFirst(), embedded, route)));
            return true;
        }

        private long seconds(int items, int paths) {
            return 1 + (2 * items * first.toMillis() + PASSES * items * paths * options.window().plus(warmUp).plus(BESIDE).toMillis()) / 1000;
        }

        /// Does an item unmeasured. A target that cannot do it ends the run with a reason.
        private void tryOut(Forward forward, Item item) throws InterruptedException, TargetException {
            Figure figure = tried(item, DemoCommand.local(forward, item.port()), 1, Optional.of(forward));
            if (figure.errorCount() > 0) {
                String error = figure.errors().keySet().iterator().next();
                for (long end = System.nanoTime() + CAUSE_NANOS; causes.isEmpty() && System.nanoTime() - end < 0 && isEnd(error); ) {
                    TimeUnit.MILLISECONDS.sleep(10); // the forward's reason follows the reset
                }
                throw cannot(forward.pod(), item, error);
            } else if (figure.score() == 0) {
                throw cannot(forward.pod(), item, "");
            }
        }

        /// Where nothing came, a longer time tells whether nothing comes.
        private Figure tried(Item item, InetSocketAddress address, int sessions, Optional<Forward> forward) throws InterruptedException {
            Figure figure = Figure.measure(item, address, sessions, forward, Duration.ZERO, first);
            return figure.score() > 0 || figure.errorCount() > 0 ? figure
                    : Figure.measure(item, address, sessions, forward, Duration.ZERO, FIRST_AGAIN);
        }

        private static boolean isEnd(String error) {
            return error.startsWith("reset") || error.startsWith("closed");
        }

        /// A kind of error as a sentence.
        private static String reason(String error) {
            return isEnd(error) ? "the connection was " + error : error.equals("wrong byte") ? "other bytes came back than were sent" : error;
        }

        /// @param error kind of the first error; empty when nothing came
        private TargetException cannot(String pod, Item item, String error) {
            String port = "port " + item.port() + " of pod " + pod;
            if (!causes.isEmpty() && causes.getFirst().contains("refused")) {
                return new TargetException(port + " refuses connections", causes.getFirst(), "name a port on which the pod listens");
            }
            String why = (error.isEmpty() ? "no answer within " + FIRST_AGAIN.toSeconds() + " s" : reason(error))
                    + (causes.isEmpty() ? "" : "; the forward says: " + causes.getFirst());
            return switch (options.generator()) {
                case HTTP -> new TargetException("GET " + options.text() + " at " + port + " is not answered as it must be", why,
                        "name a path that answers 200 with a Content-Length, as --http /healthz");
                case ECHO, EMBEDDED -> new TargetException(port + " does not echo", why, "say what it does: --http, --source, --sink or --send");
                case SEND -> new TargetException(port + " does not answer what --send says", why, "send a request of its protocol, line ends included");
                case SOURCE -> new TargetException(port + " does not send by itself", why, "say what it does: --http, --echo, --sink or --send");
                case SINK -> new TargetException(port + " does not read without end, or does not close when we end", why,
                        "say what it does: --http, --echo, --source or --send");
                case NONE -> new TargetException(port + " neither speaks nor closes when our side ends", why,
                        "say what it understands: --http, --echo, --source, --sink or --send");
            };
        }

        private void measure(Item item, InetSocketAddress address, int sessions, Optional<Forward> forward) throws InterruptedException {
            Figure figure = Figure.measure(item, address, sessions, forward, warmUp, options.window());
            figures.add(figure);
            output.error("fairlead: %d of %d: %s, %s: %s".formatted(figures.size(), measurements, item.label(), figure.path(), Report.amount(figure)));
        }

        /// Waits until the sessions asked for are up, for some time; how many are up stands with each figure.
        private static void awaitSessions(Forward forward, int sessions) throws InterruptedException {
            long start = System.nanoTime();
            while (forward.stats().sessionsNow() < sessions && System.nanoTime() - start < SESSIONS_UP_NANOS) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }

        private static InetSocketAddress direct(Item item, Embedded embedded, Forward.Route route) {
            return embedded == null ? new InetSocketAddress(route.podAddress(), item.port()) : embedded.pod.address(item.port()).orElseThrow();
        }

        /// Why there is no direct path. Where there is one, the pod answers on it as it does through the forward: something else may have its
        /// address in this network.
        private Optional<String> unfitForDirect(List<Item> items, Embedded embedded, Forward.Route route) throws InterruptedException {
            if (embedded == null && route.podAddress().isEmpty()) {
                return Optional.of("the API server tells no address of the pod");
            }
            InetSocketAddress address = direct(items.getFirst(), embedded, route);
            if (connectNanos(address).isEmpty()) {
                return Optional.of(EventPrinter.hostAndPort(address) + " cannot be reached from here");
            }
            int count = 0;
            for (Item item : items) {
                unmeasured(++count, items, item, ", direct");
                Figure figure = tried(item, direct(item, embedded, route), Figure.DIRECT, Optional.empty());
                if (figure.errorCount() > 0 || figure.score() == 0) {
                    return Optional.of(EventPrinter.hostAndPort(address) + " does not answer as the forward does"
                            + figure.errors().keySet().stream().findFirst().map(error -> ": " + error).orElse(""));
                }
            }
            return Optional.empty();
        }

        private static Optional<Long> connectNanos(InetSocketAddress address) {
            long start = System.nanoTime();
            try (var socket = new Socket()) {
                socket.connect(address, PROBE_MILLIS);
                return Optional.of(System.nanoTime() - start);
            } catch (IOException _) {
                return Optional.empty();
            }
        }

        /// Shortest time of a TCP connect to the API server: a longer one has the first use of the JVM's classes in it, or others' work here.
        private static OptionalDouble roundTrip(String server) {
            Optional<InetSocketAddress> address = address(server);
            if (address.isEmpty()) {
                return OptionalDouble.empty();
            }
            return IntStream.range(0, ROUND_TRIPS).mapToObj(_ -> connectNanos(address.get())).flatMap(Optional::stream)
                    .mapToDouble(nanos -> nanos / 1e3).min();
        }

        Report report() {
            var versions = new LinkedHashMap<String, Object>();
            versions.put("fairlead", version);
            versions.put("java", Runtime.version().toString());
            versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"));
            versions.put("processors", Runtime.getRuntime().availableProcessors());
            versions.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
            return new Report(versions, target, options.target().isEmpty(), roundTripMicros, figures, causes, complete);
        }
    }
}
