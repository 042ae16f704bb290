package io.fairlead.engine.session;

import java.nio.charset.StandardCharsets;

/// A frame that a session sent.
///
/// @param type `error` or `data` of a SYN
record SentFrame(Kind kind, int id, String type, int port, int requestId, byte[] payload) {
    enum Kind { SYN, PROBE, DATA, FIN, RST, PING }

    static SentFrame of(Kind kind, int id) {
        return new SentFrame(kind, id, "", 0, 0, new byte[0]);
    }

    @Override
    public String toString() {
        return kind + " " + id + switch (kind) {
            case SYN -> " " + type + " port " + port + " request " + requestId;
            case DATA -> " " + new String(payload, StandardCharsets.UTF_8);
            default -> "";
        };
    }
}
