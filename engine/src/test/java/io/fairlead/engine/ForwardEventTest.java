package io.fairlead.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ForwardEventTest {
    @Test
    void whatAnEventTellsDoesNotChangeAfterwards() {
        var connections = new TreeMap<>(Map.of(7000, 3));
        var programs = new ArrayList<>(List.of(new InetSocketAddress("127.0.0.1", 50001)));
        var waiting = new ForwardEvent.PairsWaiting("web-1", 7005, connections, programs);
        var moving = new ForwardEvent.PairsMoving("web-1", connections);
        connections.clear();
        programs.clear();
        assertEquals(Map.of(7000, 3), waiting.connections());
        assertEquals(1, waiting.programs().size());
        assertEquals(Map.of(7000, 3), moving.connections());
    }
}
