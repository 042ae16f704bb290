package io.fairlead.engine.resolve;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.Kind;
import io.fairlead.engine.kube.UrlPath;
import java.util.Optional;

/// What the user names: `TYPE/NAME`, or a pod's name alone.
///
/// @param text as it was given
record Target(Kind kind, String name, String text) {
    static Target parse(String text) throws ForwardException {
        int slash = text.indexOf('/');
        if (text.isEmpty()) {
            throw malformed(text, "it is empty");
        }
        if (slash < 0) {
            return new Target(Kind.POD, checked(text, text), text);
        }
        if (text.indexOf('/', slash + 1) >= 0) {
            throw malformed(text, "arguments in resource/name form may not have more than one slash");
        }
        String type = text.substring(0, slash);
        String name = text.substring(slash + 1);
        if (type.isEmpty() || name.isEmpty() || type.contains(",")) {
            throw malformed(text, "arguments in resource/name form must have a single resource and name");
        }
        Kind kind = Kind.of(type).orElse(null);
        if (kind == null) {
            throw new ForwardException(new Failure.UnknownType(type));
        }
        return new Target(kind, checked(text, name), text);
    }

    /// What could not be one segment of a URL is no name of anything.
    private static String checked(String text, String name) throws ForwardException {
        Optional<String> problem = UrlPath.problem(name);
        if (problem.isPresent()) {
            throw malformed(text, "invalid resource name \"" + name + "\": " + problem.get());
        }
        return name;
    }

    private static ForwardException malformed(String text, String problem) {
        return new ForwardException(new Failure.MalformedTarget(text, problem));
    }
}
