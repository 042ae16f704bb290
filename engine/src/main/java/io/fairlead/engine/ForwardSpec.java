package io.fairlead.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What to forward, in the user's words. Nothing here has been looked up yet: names, kinds and ports are checked by
/// {@link Engine#forward}, so that an embedder and the command line get the same {@link Failure} for the same mistake.
///
/// @param kubeconfig file named by `--kubeconfig`, which must exist; empty for `$KUBECONFIG`, then `~/.kube/config`
/// @param context name of a kubeconfig context; empty for its current one
/// @param namespace empty for the context's own, then `default`
/// @param target `TYPE/NAME` or a bare pod name, as kubectl takes it
/// @param ports `REMOTE`, `LOCAL:REMOTE` or `:REMOTE`; REMOTE is a number or a port's name; at least one
/// @param addresses IP addresses or `localhost`, which stands for 127.0.0.1 and ::1; at least one
/// @param podRunningTimeout how long to wait until a pod of the target exists; more than zero
/// @param pairsMax most pairs open at once; further connections wait in the listen queue; see {@link Limits#PAIRS_MAX}
/// @param sessions upgraded sessions to keep open, 1 to {@link Limits#SESSIONS_MAX}; or {@link #SESSIONS_AUTO}
public record ForwardSpec(
        Optional<Path> kubeconfig,
        Optional<String> context,
        Optional<String> namespace,
        String target,
        List<String> ports,
        List<String> addresses,
        Duration podRunningTimeout,
        int pairsMax,
        int sessions) {

    /// Value of `sessions`: as many as the traffic needs, at most {@link Limits#SESSIONS_AUTO_MAX}.
    public static final int SESSIONS_AUTO = 0;

    public ForwardSpec {
        ports = List.copyOf(ports);
        addresses = List.copyOf(addresses);
    }

    /// A forward of `ports` of `target` with kubectl's defaults: current context, its namespace, `localhost`, one minute.
    public static ForwardSpec of(String target, String... ports) {
        return new ForwardSpec(Optional.empty(), Optional.empty(), Optional.empty(), target, List.of(ports),
                List.of("localhost"), Duration.ofMinutes(1), Limits.PAIRS_MAX, SESSIONS_AUTO);
    }

    public ForwardSpec withKubeconfig(Path file) {
        return new ForwardSpec(Optional.of(file), context, namespace, target, ports, addresses, podRunningTimeout, pairsMax, sessions);
    }

    public ForwardSpec withContext(String name) {
        return new ForwardSpec(kubeconfig, Optional.of(name), namespace, target, ports, addresses, podRunningTimeout, pairsMax, sessions);
    }

    public ForwardSpec withNamespace(String name) {
        return new ForwardSpec(kubeconfig, context, Optional.of(name), target, ports, addresses, podRunningTimeout, pairsMax, sessions);
    }

    public ForwardSpec withAddresses(String... names) {
        return new ForwardSpec(kubeconfig, context, namespace, target, ports, List.of(names), podRunningTimeout, pairsMax, sessions);
    }

    public ForwardSpec withSessions(int count) {
        return new ForwardSpec(kubeconfig, context, namespace, target, ports, addresses, podRunningTimeout, pairsMax, count);
    }

    public ForwardSpec withPairsMax(int count) {
        return new ForwardSpec(kubeconfig, context, namespace, target, ports, addresses, podRunningTimeout, count, sessions);
    }
}
