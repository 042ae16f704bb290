package io.fairlead.testbed;

import io.fairlead.testbed.node.Runtime;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/// Runs a testbed in the foreground: one pod `pods` with every behaviour on a port of its own, a Deployment and a Service `echo`, a Deployment `web`.
/// Prints the kubeconfig's path as the first line on standard output. Arguments: `ideal` for that runtime, `threads=N`.
public final class TestbedMain {
    private TestbedMain() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        var builder = Testbed.builder();
        for (String arg : args) {
            if (arg.equals("ideal")) {
                builder.runtime(Runtime.IDEAL);
            } else if (arg.startsWith("threads=")) {
                builder.threads(Integer.parseInt(arg.substring(8)));
            } else {
                System.err.println("usage: TestbedMain [ideal] [threads=N]");
                System.exit(64);
            }
        }
        Testbed testbed = builder.start();
        java.lang.Runtime.getRuntime().addShutdownHook(new Thread(testbed::close));
        populate(testbed);
        System.out.println(testbed.kubeconfig());
        new CountDownLatch(1).await();
    }

    /// The objects of the foreground testbed.
    public static void populate(Testbed testbed) throws IOException {
        testbed.addPod(PodSpec.named("pods").port("echo", 7000, PodBehaviour.echo()).port("sink", 7001, PodBehaviour.sink())
                .port("source", 7002, PodBehaviour.source()).port("http", 7003, PodBehaviour.http("hello from the testbed\n"))
                .port("reset", 7004, PodBehaviour.reset()).port("stall", 7005, PodBehaviour.stall()).port("close", 7006, PodBehaviour.close())
                .port("hash", 7007, PodBehaviour.hash()).port("slow", 7008, PodBehaviour.slow(1_000_000)));
        testbed.addDeployment("echo", 2, PodSpec.named("").port("tcp", 7000, PodBehaviour.echo()));
        testbed.addService("echo", Map.of("app", "echo"), new Testbed.ServicePort("tcp", 80, "tcp"));
        testbed.addDeployment("web", 1, PodSpec.named("").port("http", 8080, PodBehaviour.http("hello from the testbed\n")));
        testbed.addService("web", Map.of("app", "web"), new Testbed.ServicePort("http", 80, "http"));
    }
}
