package io.fairlead.engine.kube;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Names as segments of a URL's path.
public final class UrlPath {
    private UrlPath() {}

    /// Why `name` can't be a segment, in kubectl's words; empty when it can. What it passes may still need {@link #segment}.
    public static Optional<String> problem(String name) {
        if (name.equals(".") || name.equals("..")) {
            return Optional.of("may not be '" + name + "'");
        }
        if (name.contains("/")) {
            return Optional.of("may not contain '/'");
        }
        if (name.contains("%")) {
            return Optional.of("may not contain '%'");
        }
        return name.chars().anyMatch(c -> c <= ' ') ? Optional.of("may not contain blanks or control characters") : Optional.empty();
    }

    /// `text` so that it is one segment, whatever it has.
    public static String segment(String text) {
        String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
        return encoded.equals(".") || encoded.equals("..") ? encoded.replace(".", "%2E") : encoded;
    }
}
