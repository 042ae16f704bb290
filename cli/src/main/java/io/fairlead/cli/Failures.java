package io.fairlead.cli;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardSpec;

/// What a failure of the engine becomes: its text, and its exit code.
final class Failures {
    private Failures() {}

    /// The failure's text. The kubectl commands in its remedy go to the kubeconfig, context and namespace that `spec` names, as ours did.
    static String message(Failure failure, ForwardSpec spec) {
        String remedy = failure.remedy();
        String cluster = spec.kubeconfig().map(file -> "--kubeconfig " + Flags.shell(file.toString()) + " ").orElse("")
                + (remedy.contains("kubectl --context ") ? "" : spec.context().map(name -> "--context " + Flags.shell(name) + " ").orElse(""));
        String pods = "kubectl " + spec.namespace().map(name -> "-n " + Flags.shell(name) + " ").orElse("") + "get pods"; // not all know it
        String message = failure.message();
        return message.substring(0, message.length() - remedy.length())
                + remedy.replace("kubectl get pods", pods).replace("kubectl ", "kubectl " + cluster);
    }

    /// No `default`: a new failure does not compile until it has one.
    static ExitCode exitCode(Failure failure) {
        return switch (failure) {
            case Failure.UnknownType _, Failure.MalformedTarget _, Failure.MalformedNamespace _, Failure.MalformedPort _, Failure.PortOutOfRange _,
                    Failure.MalformedAddress _, Failure.UdpPort _, Failure.NoSelector _ -> ExitCode.USAGE;
            case Failure.TargetNotFound _, Failure.UnknownPodPort _, Failure.UnknownServicePort _ -> ExitCode.NO_TARGET;
            case Failure.NoPods _, Failure.PodNotRunning _ -> ExitCode.NOT_READY;
            case Failure.ServerUnreachable _ -> ExitCode.UNREACHABLE;
            case Failure.TlsRefused _ -> ExitCode.UNTRUSTED;
            case Failure.Unauthorized _, Failure.Forbidden _ -> ExitCode.NOT_PERMITTED;
            case Failure.UpgradeRefused(var status, _, _) -> status == 401 || status == 403 ? ExitCode.NOT_PERMITTED : ExitCode.FAILED;
            case Failure.ServerRefused _ -> ExitCode.FAILED;
            case Failure.LocalPortsTaken _ -> ExitCode.NO_LOCAL_PORT;
            case Failure.NoKubeconfig _, Failure.UnknownContext _, Failure.BadKubeconfig _, Failure.UnsupportedKubeconfig _,
                    Failure.FileNotReadable _ -> ExitCode.CONFIGURATION;
            case Failure.Unexpected _ -> ExitCode.BUG;
        };
    }
}
