package io.fairlead.engine.listen;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.TreeMap;

/// The local addresses of a forward, as kubectl reads `--address`: IP addresses, and `localhost` for both loopbacks, in the order of their
/// texts and none twice. Source: docs/PROTOCOL.md 7.4.
public final class LocalAddresses {
    /// @param required binding must succeed; of the others one is enough
    public record LocalAddress(String text, InetAddress address, boolean required) {}

    private LocalAddresses() {}

    public static List<LocalAddress> parse(List<String> names) throws ForwardException {
        var parsed = new TreeMap<String, LocalAddress>();
        for (String name : names) {
            if (name.equals("localhost")) {
                parsed.putIfAbsent("127.0.0.1", new LocalAddress("127.0.0.1", ip("127.0.0.1"), false));
                parsed.putIfAbsent("::1", new LocalAddress("::1", ip("::1"), false));
            } else {
                parsed.put(name, new LocalAddress(name, ip(name), true));
            }
        }
        return List.copyOf(parsed.values());
    }

    private static InetAddress ip(String text) throws ForwardException {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        if (bytes == null) {
            throw new ForwardException(new Failure.MalformedAddress(text));
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // it has 4 or 16 bytes
        }
    }
}
