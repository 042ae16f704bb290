package io.fairlead.engine.resolve;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.PodInfo;
import io.fairlead.engine.kube.ServiceInfo;

import java.util.ArrayList;
import java.util.List;

/// From port arguments to the numbers of one pod, as kubectl's portforward command does. Pure.
final class PortMapping {
    private static final String UDP = "UDP";

    private PortMapping() {}

    /// For a pod, or a workload that `pod` was chosen for.
    static List<PortPair> ofPod(List<PortSpec> specs, PodInfo pod) throws ForwardException {
        List<PortPair> pairs = new ArrayList<>();
        for (PortSpec spec : specs) {
            int port = spec.hasNumber() ? Integer.parseInt(spec.remote()) : containerPort(pod, spec.remote());
            if (isUdpOnly(pod, port)) {
                throw new ForwardException(new Failure.UdpPort("pod " + pod.name(), spec.remote()));
            }
            pairs.add(spec.pair(port, port));
        }
        return pairs;
    }

    /// For a service, whose own port numbers and names the arguments use. A bare name's local port is the service's number, not the pod's.
    static List<PortPair> ofService(List<PortSpec> specs, ServiceInfo service, PodInfo pod) throws ForwardException {
        List<PortPair> pairs = new ArrayList<>();
        for (PortSpec spec : specs) {
            int number = spec.hasNumber() ? Integer.parseInt(spec.remote()) : servicePort(service, spec.remote());
            ServiceInfo.Port port = byNumber(service, number, spec.remote());
            if (port.protocol().equals(UDP)) {
                throw new ForwardException(new Failure.UdpPort("service " + service.name(), spec.remote()));
            }
            pairs.add(spec.pair(number, targetPort(service, port, pod)));
        }
        return pairs;
    }

    private static int targetPort(ServiceInfo service, ServiceInfo.Port port, PodInfo pod) throws ForwardException {
        if (service.headless()) {
            return port.number(); // no proxy stands between, so targetPort means nothing
        }
        if (!port.targetName().isEmpty()) {
            return containerPort(pod, port.targetName());
        }
        return port.targetNumber() == 0 ? port.number() : port.targetNumber();
    }

    private static int servicePort(ServiceInfo service, String name) throws ForwardException {
        for (ServiceInfo.Port port : service.ports()) {
            if (port.name().equals(name)) {
                return port.number();
            }
        }
        throw unknown(service, name, true);
    }

    /// One number may stand for a UDP and a TCP port, as DNS has it: the one that is not UDP is meant.
    private static ServiceInfo.Port byNumber(ServiceInfo service, int number, String asked) throws ForwardException {
        ServiceInfo.Port found = null;
        for (ServiceInfo.Port port : service.ports()) {
            if (port.number() == number && (found == null || found.protocol().equals(UDP) && !port.protocol().equals(UDP))) {
                found = port;
            }
        }
        if (found == null) {
            throw unknown(service, asked, false);
        }
        return found;
    }

    private static ForwardException unknown(ServiceInfo service, String asked, boolean named) {
        List<String> known = service.ports().stream()
                .map(port -> port.number() + (port.name().isEmpty() ? "" : " (" + port.name() + ")")).distinct().toList();
        return new ForwardException(new Failure.UnknownServicePort(service.name(), asked, named, known));
    }

    private static int containerPort(PodInfo pod, String name) throws ForwardException {
        for (PodInfo.Port port : pod.ports()) {
            if (port.name().equals(name)) {
                return port.number();
            }
        }
        throw new ForwardException(new Failure.UnknownPodPort(pod.name(), name,
                pod.ports().stream().map(PodInfo.Port::name).filter(known -> !known.isEmpty()).distinct().toList()));
    }

    /// Some container declares the port as UDP and none as TCP. Init containers don't count, as for kubectl.
    private static boolean isUdpOnly(PodInfo pod, int number) {
        boolean udp = false;
        for (PodInfo.Port port : pod.ports()) {
            if (port.number() == number && !port.init()) {
                if (port.protocol().equals("TCP")) {
                    return false;
                }
                udp |= port.protocol().equals(UDP);
            }
        }
        return udp;
    }
}
