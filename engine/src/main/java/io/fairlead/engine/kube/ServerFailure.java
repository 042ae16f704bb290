package io.fairlead.engine.kube;

import io.fairlead.engine.Failure;
import io.fairlead.engine.Failure.ServerUnreachable.Reach;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/// What an I/O error on the way to the API server means to the user. Decided by types alone, for JDK sockets and for Netty's, whose
/// exceptions extend the same ones.
public final class ServerFailure {
    private ServerFailure() {}

    /// @param server the URL, for the text
    public static Failure of(String server, Throwable error) {
        for (Throwable cause = error; cause != null; cause = next(cause)) {
            Failure known = known(server, cause);
            if (known != null) {
                return known;
            }
        }
        if (error instanceof IOException) {
            return new Failure.ServerUnreachable(server, Reach.BROKEN_OFF, detail(error));
        }
        return new Failure.Unexpected("talking to " + server + " failed", error.toString());
    }

    /// What the refusal of a port-forward upgrade means: a Status object where the API server speaks, plain text where the kubelet or the
    /// runtime does. Source: docs/PROTOCOL.md 2.4.
    public static Failure ofUpgrade(int code, String contentType, String body) {
        if (contentType.startsWith("application/json")) {
            try {
                Json status = Json.parse(body);
                return new Failure.UpgradeRefused(code, status.at("reason").text(), status.at("message").text());
            } catch (IOException _) {
                // not JSON after all: the body is shown as it is
            }
        }
        String text = body.strip();
        return new Failure.UpgradeRefused(code, "", text.isEmpty() ? "" : "unable to upgrade connection: " + text);
    }

    private static Failure known(String server, Throwable cause) {
        return switch (cause) {
            case UnknownHostException e -> new Failure.ServerUnreachable(server, Reach.UNKNOWN_HOST, "the name \"" + host(e) + "\" has no address");
            case UnresolvedAddressException _ -> new Failure.ServerUnreachable(server, Reach.UNKNOWN_HOST, "its name has no address");
            case SocketTimeoutException e -> new Failure.ServerUnreachable(server, Reach.TIMED_OUT, detail(e));
            case NoRouteToHostException e -> new Failure.ServerUnreachable(server, Reach.NO_ROUTE, detail(e));
            case ConnectException e -> new Failure.ServerUnreachable(server, isTimeout(e) ? Reach.TIMED_OUT : Reach.REFUSED, detail(e));
            case SSLException e -> tls(server, e);
            default -> null;
        };
    }

    /// Netty says a connect timeout by a subclass that we can't name here.
    private static boolean isTimeout(ConnectException e) {
        return e.getClass().getSimpleName().equals("ConnectTimeoutException");
    }

    private static Failure tls(String server, SSLException error) {
        for (Throwable cause = error; cause != null; cause = next(cause)) {
            switch (cause) {
                case CertificateExpiredException e -> {
                    return new Failure.TlsRefused(server, Failure.TlsRefused.Cause.OUT_OF_DATE, "it has expired: " + detail(e));
                }
                case CertificateNotYetValidException e -> {
                    return new Failure.TlsRefused(server, Failure.TlsRefused.Cause.OUT_OF_DATE, "it is not valid yet: " + detail(e));
                }
                case CertPathBuilderException e -> {
                    return new Failure.TlsRefused(server, Failure.TlsRefused.Cause.UNKNOWN_AUTHORITY, detail(e));
                }
                case CertPathValidatorException e when e.getCause() == null -> {
                    return new Failure.TlsRefused(server, Failure.TlsRefused.Cause.UNKNOWN_AUTHORITY, detail(e));
                }
                case CertificateException e when e.getCause() == null -> { // the JDK's host name check has no type of its own
                    return new Failure.TlsRefused(server, Failure.TlsRefused.Cause.WRONG_NAME, detail(e));
                }
                default -> { }
            }
        }
        boolean plain = !(error instanceof SSLHandshakeException) && error.getCause() == null;
        return new Failure.TlsRefused(server, plain ? Failure.TlsRefused.Cause.NOT_TLS : Failure.TlsRefused.Cause.OTHER, detail(error));
    }

    private static Throwable next(Throwable error) {
        return error.getCause() == error ? null : error.getCause();
    }

    private static String host(UnknownHostException e) {
        return String.valueOf(e.getMessage()).replaceFirst(": .*", "");
    }

    private static String detail(Throwable error) {
        return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
    }
}
