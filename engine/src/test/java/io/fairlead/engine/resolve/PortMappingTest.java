package io.fairlead.engine.resolve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.PodInfo;
import io.fairlead.engine.kube.ServiceInfo;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

class PortMappingTest {
    private static final PodInfo POD = new PodInfo("ns", "web-0", "uid", "node", "10.0.0.7", "Running", true, Optional.empty(), Optional.empty(),
            Optional.empty(), 0, 0, List.of(
                    new PodInfo.Port("http", 8080, "TCP", false),
                    new PodInfo.Port("dns", 53, "UDP", false),
                    new PodInfo.Port("dns-tcp", 53, "TCP", false),
                    new PodInfo.Port("syslog", 514, "UDP", false),
                    new PodInfo.Port("", 9000, "TCP", false),
                    new PodInfo.Port("proxy", 15001, "TCP", true)));

    private static final ServiceInfo SERVICE = new ServiceInfo("ns", "web", "app=web", false, List.of(
            new ServiceInfo.Port("http", 80, "TCP", "http", 0),
            new ServiceInfo.Port("number", 81, "TCP", "", 9000),
            new ServiceInfo.Port("same", 82, "TCP", "", 0),
            new ServiceInfo.Port("lost", 83, "TCP", "nowhere", 0),
            new ServiceInfo.Port("dns", 53, "UDP", "dns", 0),
            new ServiceInfo.Port("dns-tcp", 53, "TCP", "dns-tcp", 0),
            new ServiceInfo.Port("syslog", 514, "UDP", "", 514)));

    private static List<PortSpec> specs(String... texts) throws ForwardException {
        List<PortSpec> specs = new ArrayList<>();
        for (String text : texts) {
            specs.add(PortSpec.parse(text));
        }
        return specs;
    }

    private static Failure refusalOfPod(String text) {
        return assertThrows(ForwardException.class, () -> PortMapping.ofPod(specs(text), POD)).failure();
    }

    private static Failure refusalOfService(String text) {
        return assertThrows(ForwardException.class, () -> PortMapping.ofService(specs(text), SERVICE, POD)).failure();
    }

    @ParameterizedTest
    @CsvSource({
        "http,       8080, 8080",
        "80:http,    80,   8080",
        ":http,      0,    8080",
        "proxy,      15001, 15001", // init containers come after the containers
        "dns,        53,   53",     // UDP, but the number is TCP as well
        "1234,       1234, 1234",   // nobody has to declare a port
    })
    void aPodsPortIsANumberOrAContainerPortsName(String text, int local, int remote) throws ForwardException {
        assertEquals(List.of(new PortPair(local, remote)), PortMapping.ofPod(specs(text), POD));
    }

    @ParameterizedTest
    @CsvSource({
        "80,         80,   8080", // named target port
        "http,       80,   8080", // the local port is the service's
        "9:http,     9,    8080",
        "81,         81,   9000", // numeric target port
        ":number,    0,    9000",
        "82,         82,   82",   // none
        "53,         53,   53",   // UDP and TCP under one number: TCP is meant
        "dns,        53,   53",
    })
    void aServicesPortLeadsToItsTargetPort(String text, int local, int remote) throws ForwardException {
        assertEquals(List.of(new PortPair(local, remote)), PortMapping.ofService(specs(text), SERVICE, POD));
    }

    @Test
    void aHeadlessServicesTargetPortMeansNothing() throws ForwardException {
        var headless = new ServiceInfo("ns", "web", "app=web", true, SERVICE.ports());
        assertEquals(List.of(new PortPair(80, 80), new PortPair(7, 81)), PortMapping.ofService(specs("http", "7:81"), headless, POD));
    }

    @Test
    void portsKeepTheirOrder() throws ForwardException {
        assertEquals(List.of(new PortPair(3, 3), new PortPair(8080, 8080), new PortPair(1, 1)),
                PortMapping.ofPod(specs("3", "http", "1"), POD));
    }

    @Test
    void unknownPortsAreRefusedWithTheKnownOnes() {
        assertEquals(new Failure.UnknownPodPort("web-0", "x", List.of("http", "dns", "dns-tcp", "syslog", "proxy")), refusalOfPod("x"));
        List<String> known = List.of("80 (http)", "81 (number)", "82 (same)", "83 (lost)", "53 (dns)", "53 (dns-tcp)", "514 (syslog)");
        assertEquals(new Failure.UnknownServicePort("web", "x", true, known), refusalOfService("x"));
        assertEquals(new Failure.UnknownServicePort("web", "8080", false, known), refusalOfService("8080"));
        assertEquals("nowhere", ((Failure.UnknownPodPort) refusalOfService("83")).port());
    }

    @Test
    void udpIsRefusedByNameAndByNumber() {
        assertEquals(new Failure.UdpPort("pod web-0", "syslog"), refusalOfPod("syslog"));
        assertEquals(new Failure.UdpPort("pod web-0", "514"), refusalOfPod("514"));
        assertEquals(new Failure.UdpPort("service web", "syslog"), refusalOfService("1:syslog"));
        assertEquals(new Failure.UdpPort("service web", "514"), refusalOfService("514"));
    }
}
