package io.fairlead.testbed.pod;

import io.fairlead.testbed.loop.Loops;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Runs the pods' servers without a testbed, so that a real pod with nothing but a JDK can serve them:
///
/// ```
/// java -cp ... io.fairlead.testbed.pod.PodMain echo=7000 sink=7001 source=7002 http=7003 reset=7004 stall=7005 close=7006 hash=7007 check=7008 slow:1000000=7009
/// ```
///
/// Each argument is a behaviour of {@link PodBehaviour}, for `slow` with its bytes per second, and the port it listens on, on all addresses
/// or on the one of `host=ADDRESS`. Prints one line `ready ...` on standard output when all listen, and runs until killed. Port 0 takes a free port; the
/// line names the real ones. Exit code 64 for a bad argument, 1 for a port that cannot be bound.
public final class PodMain {
    private PodMain() {}

    public static void main(String[] args) throws InterruptedException {
        if (args.length == 0) {
            System.err.println("usage: PodMain [host=ADDRESS] BEHAVIOUR=PORT ...   (echo sink source http reset stall close hash check any slow:BYTES_PER_SECOND)");
            System.exit(64);
        }
        try {
            System.out.println("ready " + String.join(" ", listen(Loops.start("pod", 1), args)));
        } catch (IllegalArgumentException e) {
            System.err.println("PodMain: " + e.getMessage());
            System.exit(64);
        } catch (IOException e) {
            System.err.println("PodMain: " + e.getMessage());
            System.exit(1);
        }
        new CountDownLatch(1).await();
    }

    private static List<String> listen(Loops loops, String[] args) throws IOException {
        String host = "0.0.0.0";
        List<String> ready = new ArrayList<>();
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length < 2) {
                throw new IllegalArgumentException("\"" + arg + "\" is not BEHAVIOUR=PORT");
            }
            if (parts[0].equals("host")) {
                host = parts[1];
            } else {
                ready.add(parts[0] + "=" + PodServer.listen(loops, behaviour(parts[0]), host, Integer.parseInt(parts[1])).port());
            }
        }
        return ready;
    }

    /// The behaviour that a command line names.
    ///
    /// @throws IllegalArgumentException no such behaviour
    public static PodBehaviour behaviour(String name) {
        return switch (name) {
            case "echo" -> PodBehaviour.echo();
            case "sink" -> PodBehaviour.sink();
            case "source" -> PodBehaviour.source();
            case "hash" -> PodBehaviour.hash();
            case "check" -> PodBehaviour.check();
            case "any" -> PodBehaviour.any();
            case "http" -> PodBehaviour.http("hello from fairlead\n");
            case "reset" -> PodBehaviour.reset();
            case "stall" -> PodBehaviour.stall();
            case "close" -> PodBehaviour.close();
            case String slow when slow.startsWith("slow:") -> PodBehaviour.slow(Integer.parseInt(slow.substring(5)));
            default -> throw new IllegalArgumentException("no behaviour \"" + name + "\"; there are echo sink source hash http reset stall close slow:N");
        };
    }
}
