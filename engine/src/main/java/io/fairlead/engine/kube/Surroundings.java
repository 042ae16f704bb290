package io.fairlead.engine.kube;

import java.nio.file.Path;
import java.util.Map;

/// What finding a kubeconfig depends on outside of it.
///
/// @param serviceAccount folder with `token`, `ca.crt` and `namespace` inside a pod
record Surroundings(Map<String, String> environment, Path home, Path serviceAccount) {
    static Surroundings ofThisProcess() {
        Map<String, String> environment = System.getenv();
        String home = environment.getOrDefault("HOME", "");
        return new Surroundings(environment, Path.of(home.isEmpty() ? System.getProperty("user.home") : home),
                Path.of("/var/run/secrets/kubernetes.io/serviceaccount"));
    }

    String variable(String name) {
        return environment.getOrDefault(name, "");
    }
}
