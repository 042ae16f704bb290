package io.fairlead.cli.bench;

/// What is known of the server, and so what can be asked of it.
public enum Generator {
    /// Nothing: connections are opened, ended, and the server's end is waited for.
    NONE,
    /// It answers some bytes, or speaks first.
    SEND,
    /// It answers GET of a path with 200 and a Content-Length.
    HTTP,
    /// It sends back what comes.
    ECHO,
    /// It reads and drops.
    SINK,
    /// It sends by itself.
    SOURCE,
    /// The embedded cluster's pod, with a server for each purpose.
    EMBEDDED;

    /// Ports of the embedded cluster's pod.
    public static final int ECHO_PORT = 7000;
    public static final int CHECK_PORT = 7001;
    public static final int SOURCE_PORT = 7002;
}
