package io.fairlead.cli;

import java.io.IOException;

/// `fairlead testbed`: the embedded cluster until a signal.
record TestbedCommand(Output output, String program) {
    ExitCode run() {
        Signals signals = Signals.install();
        try (DemoCluster cluster = DemoCluster.start()) {
            output.line(cluster.kubeconfig().toString());
            output.error("""
                    An embedded cluster runs in this process until Ctrl-C; the line above is the path of its kubeconfig. Try:
                      export KUBECONFIG=%1$s
                      kubectl get pods
                      %2$s deployment/%3$s 8080:%4$d
                    Its pod "pods" does something else at each of its ports: echo, sink, source, http, reset, stall, close, hash, slow;
                    kubectl describe pod pods tells their numbers. The Deployment "%3$s" serves HTTP at %4$d.""".formatted(
                    cluster.kubeconfig(), program, DemoCluster.NAME, DemoCluster.WEB_PORT));
            signals.await();
            return signals.settle(ExitCode.OK);
        } catch (InterruptedException _) {
            return signals.settle(ExitCode.OK);
        } catch (IOException e) {
            output.problem("the embedded cluster does not start\n        why   " + e + "\n        do    check free ports and space in "
                    + System.getProperty("java.io.tmpdir"));
            return signals.settle(ExitCode.FAILED);
        }
    }
}
