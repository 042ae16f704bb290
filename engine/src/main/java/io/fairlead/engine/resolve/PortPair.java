package io.fairlead.engine.resolve;

/// One port of a forward, numbers only. `local` 0 stands for any free port; `remote` is the pod's, 1 to 65535.
public record PortPair(int local, int remote) {}
