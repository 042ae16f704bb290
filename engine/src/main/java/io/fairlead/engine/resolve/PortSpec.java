package io.fairlead.engine.resolve;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import java.math.BigInteger;

/// One port argument, split but not looked up: `REMOTE`, `LOCAL:REMOTE` or `:REMOTE`, where REMOTE is a number or a port's name.
///
/// As kubectl does, takes `L:name` where L equals the name for one part. Unlike kubectl, which reads three or more parts as the first one alone
/// and so forwards a port that nobody meant, refuses them.
///
/// @param text as it was given
/// @param local what stands for the local port; equal to `remote` when there is one part
record PortSpec(String text, String local, String remote) {
    private static final BigInteger PORT_MAX = BigInteger.valueOf(65_535);

    /// Splits `text` and refuses at once what no cluster could make right.
    static PortSpec parse(String text) throws ForwardException {
        String[] parts = text.split(":", -1);
        if (parts.length > 2) {
            throw new ForwardException(
                    new Failure.MalformedPort(text, "it has more than two parts; an address to listen on is the business of --address"));
        }
        PortSpec spec = parts.length == 2 ? new PortSpec(text, parts[0], parts[1]) : new PortSpec(text, parts[0], parts[0]);
        if (spec.remote.isEmpty()) {
            throw new ForwardException(new Failure.MalformedPort(text, "remote port cannot be empty"));
        }
        if (!spec.isLocalLikeRemote() || spec.hasNumber()) {
            spec.localNumber();
        }
        if (spec.hasNumber()) {
            spec.remoteNumber(spec.remote);
        }
        return spec;
    }

    /// The remote part is a number as Go's `strconv.Atoi` takes it, not a name.
    boolean hasNumber() {
        return remote.matches("[+-]?[0-9]+");
    }

    private boolean isLocalLikeRemote() {
        return local.equals(remote);
    }

    /// The numbers to forward, once the remote one is known.
    ///
    /// @param named number that stands for the local port when only a name was given
    /// @param remotePort of the pod
    PortPair pair(int named, int remotePort) throws ForwardException {
        int localPort = isLocalLikeRemote() && !hasNumber() ? named : localNumber();
        return new PortPair(localPort, remoteNumber(String.valueOf(remotePort)));
    }

    private int localNumber() throws ForwardException {
        return local.isEmpty() ? 0 : number("local", local);
    }

    private int remoteNumber(String digits) throws ForwardException {
        int number = number("remote", digits);
        if (number == 0) {
            throw new ForwardException(new Failure.PortOutOfRange(text, "remote port must be > 0"));
        }
        return number;
    }

    /// Go's `strconv.ParseUint(digits, 10, 16)` with its words.
    private int number(String side, String digits) throws ForwardException {
        String problem = "error parsing " + side + " port '" + digits + "': strconv.ParseUint: parsing \"" + digits + "\": ";
        if (!digits.matches("[0-9]+")) {
            throw new ForwardException(new Failure.MalformedPort(text, problem + "invalid syntax"));
        }
        BigInteger number = new BigInteger(digits);
        if (number.compareTo(PORT_MAX) > 0) {
            throw new ForwardException(new Failure.PortOutOfRange(text, problem + "value out of range"));
        }
        return number.intValue();
    }
}
