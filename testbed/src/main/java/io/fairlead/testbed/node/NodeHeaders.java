package io.fairlead.testbed.node;

import java.util.Map;
import java.util.Optional;

/// The headers of a SYN_STREAM. Source: docs/PROTOCOL.md 4.1, 4.2.
record NodeHeaders(boolean data, int port, String requestId) {
    /// Empty if port or type are missing or wrong. Without a request id, streams n (error) and n + 2 (data) belong together.
    static Optional<NodeHeaders> of(int streamId, Map<String, String> headers) {
        String type = headers.getOrDefault("streamtype", "");
        boolean data = type.equals("data");
        int port = port(headers.getOrDefault("port", ""));
        if (port == 0 || !data && !type.equals("error")) {
            return Optional.empty();
        }
        String requestId = headers.getOrDefault("requestid", "");
        return Optional.of(new NodeHeaders(data, port, !requestId.isEmpty() ? requestId : Integer.toString(data ? streamId - 2 : streamId)));
    }

    private static int port(String text) {
        if (text.isEmpty() || text.length() > 8 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        int port = Integer.parseInt(text);
        return port > 0xFFFF ? 0 : port;
    }
}
