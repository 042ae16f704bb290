package io.fairlead.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Who may name whom. Reads the source of every module as text: import lines and fully qualified names in the code alike, comments
/// left out. A package that stands in no rule fails the test, so that a new one has to be given its place.
class ImportRulesTest {
    private static final String ENGINE = "io.fairlead.engine";
    private static final Set<String> NETTY_BUFFER = Set.of("io.netty.buffer", "io.netty.util.ReferenceCount", "io.netty.util.collection");
    private static final Set<String> NETTY = Set.of("io.netty");
    private static final Set<String> CLIENT_JAVA = Set.of("io.kubernetes");

    /// The public API is what stands directly in the engine's package; every package may use its records and limits.
    private record Rule(Set<String> ours, Set<String> foreign) {}

    private static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("frame", new Rule(Set.of(), NETTY_BUFFER)),
            Map.entry("session", new Rule(Set.of("", "frame"), NETTY_BUFFER)),
            Map.entry("wire", new Rule(Set.of(""), NETTY)),
            Map.entry("tunnel", new Rule(Set.of("", "session", "frame", "wire"), union(NETTY, "org.jctools"))),
            Map.entry("listen", new Rule(Set.of("", "session", "tunnel", "wire"), union(NETTY, "org.jctools"))),
            Map.entry("kube", new Rule(Set.of(""), union(CLIENT_JAVA, "org.yaml.snakeyaml", "com.google.gson"))),
            Map.entry("resolve", new Rule(Set.of("", "kube"), Set.of())),
            Map.entry("dial", new Rule(Set.of("", "kube", "resolve", "wire", "tunnel"), NETTY)),
            // A supervisor chooses the loop that a shard lives on; the handle is all it may know of Netty.
            Map.entry("supervise", new Rule(Set.of("", "kube", "resolve", "dial", "tunnel"), Set.of("io.netty.channel.EventLoopGroup", "io.netty.channel.EventLoop"))),
            // Engine and what is package-private beside it tie the packages together; publicApiNamesNoImplementation checks the rest.
            Map.entry("", new Rule(Set.of("frame", "session", "wire", "tunnel", "listen", "kube", "resolve", "dial", "supervise"), NETTY)));

    /// Prefixes that no package of a module may name. The testbed has its own server side: sharing more than the codec
    /// would share one misunderstanding of the protocol.
    private static final Map<String, Set<String>> FORBIDDEN_BY_MODULE = Map.of(
            "testbed", Set.of("io.kubernetes", ENGINE + ".session", ENGINE + ".tunnel", ENGINE + ".wire", ENGINE + ".listen", ENGINE + ".kube",
                    ENGINE + ".resolve", ENGINE + ".dial", ENGINE + ".supervise"),
            "cli", Set.of("io.netty", "io.kubernetes", ENGINE + ".frame", ENGINE + ".session", ENGINE + ".tunnel", ENGINE + ".wire",
                    ENGINE + ".listen", ENGINE + ".kube", ENGINE + ".resolve", ENGINE + ".dial", ENGINE + ".supervise"));

    private static final Pattern NAME = Pattern.compile("\\b(?:io|com|org|okhttp3|javax?|jdk|sun)(?:\\.[a-zA-Z_][a-zA-Z0-9_]*)+");

    private static final Pattern PUBLIC_TYPE = Pattern.compile("(?m)^public ");

    @Test
    void enginePackagesNameOnlyWhatTheyMay() throws IOException {
        var broken = new ArrayList<String>();
        int checked = 0;
        for (Source source : sources("engine")) {
            checked++;
            Rule rule = RULES.get(source.packageName());
            if (rule == null) {
                broken.add(source.file() + ": package " + source.packageName() + " has no rule");
                continue;
            }
            for (String name : source.names()) {
                if (!allowed(source.packageName(), rule, name)) {
                    broken.add(source.file() + " may not name " + name);
                }
            }
        }
        assertTrue(checked > 10, "sources were found: " + checked);
        assertEquals(List.of(), broken);
    }

    @Test
    void publicApiNamesNoImplementation() throws IOException {
        var broken = new ArrayList<String>();
        for (Source source : sources("engine")) {
            if (source.packageName().isEmpty() && source.isPublic() && !source.file().endsWith("/Engine.java")) {
                source.names().stream().filter(name -> name.startsWith("io.netty") || name.startsWith("io.kubernetes")
                        || name.startsWith(ENGINE + ".") && !enginePackage(name).isEmpty()).forEach(name -> broken.add(source.file() + " names " + name));
            }
        }
        assertEquals(List.of(), broken);
    }

    @Test
    void otherModulesKeepOutOfTheEnginesInside() throws IOException {
        var broken = new ArrayList<String>();
        for (var module : FORBIDDEN_BY_MODULE.entrySet()) {
            for (Source source : sources(module.getKey())) {
                source.names().stream().filter(name -> startsWithAny(name, module.getValue()))
                        .forEach(name -> broken.add(source.file() + " may not name " + name));
            }
        }
        assertEquals(List.of(), broken);
    }

    @Test
    void theReaderSeesImportsAndQualifiedNamesButNotComments() {
        var names = namesIn("""
                package io.fairlead.engine.frame;
                import static io.netty.channel.ChannelOption.SO_RCVBUF;
                import io.kubernetes.client.openapi.*;
                /// {@link io.fairlead.engine.dial.Dialer}
                // io.fairlead.engine.kube.Cluster
                /* io.fairlead.engine.tunnel.Tunnel */
                class X { io.fairlead.engine.session.Session s; String url = "io.netty.not.code"; }
                """);
        assertEquals(Set.of("io.netty.channel.ChannelOption.SO_RCVBUF", "io.kubernetes.client.openapi", "io.fairlead.engine.session.Session"), names);
        assertTrue(!allowed("frame", RULES.get("frame"), "io.netty.channel.Channel"));
        assertTrue(!allowed("frame", RULES.get("frame"), ENGINE + ".session.Session"));
        assertTrue(!allowed("frame", RULES.get("frame"), ENGINE + ".Limits"));
        assertTrue(allowed("session", RULES.get("session"), ENGINE + ".Limits"));
        assertTrue(!allowed("listen", RULES.get("listen"), ENGINE + ".dial.Dialer"));
        assertTrue(!allowed("supervise", RULES.get("supervise"), ENGINE + ".session.Session"));
    }

    private static boolean allowed(String from, Rule rule, String name) {
        if (name.startsWith(ENGINE + ".")) {
            String to = enginePackage(name);
            return to.equals(from) || rule.ours().contains(to);
        }
        boolean jdk = name.startsWith("java.") || name.startsWith("javax.");
        return jdk || startsWithAny(name, rule.foreign());
    }

    /// The part of `name` between the engine's package and the type, or "" for a type of the public API.
    private static String enginePackage(String name) {
        String rest = name.substring(ENGINE.length() + 1);
        String first = rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest;
        return Character.isUpperCase(first.charAt(0)) ? "" : first;
    }

    private static boolean startsWithAny(String name, Set<String> prefixes) {
        return prefixes.stream().anyMatch(prefix -> name.equals(prefix) || name.startsWith(prefix + ".")
                || name.startsWith(prefix) && Character.isUpperCase(prefix.charAt(prefix.lastIndexOf('.') + 1)));
    }

    /// @param isPublic its top-level type is
    private record Source(String file, String packageName, boolean isPublic, Set<String> names) {}

    private static List<Source> sources(String module) throws IOException {
        Path root = Path.of("").toAbsolutePath().resolveSibling(module).resolve("src/main/java");
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(root)) {
            var sources = new ArrayList<Source>();
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                String path = root.relativize(file).toString().replace('\\', '/');
                String dir = path.contains("/") ? path.substring(0, path.lastIndexOf('/')).replace('/', '.') : "";
                String inEngine = dir.equals(ENGINE) ? "" : dir.startsWith(ENGINE + ".") ? dir.substring(ENGINE.length() + 1) : dir;
                String text = Files.readString(file);
                sources.add(new Source(module + "/" + path, inEngine, PUBLIC_TYPE.matcher(text).find(), namesIn(text)));
            }
            return sources;
        }
    }

    private static Set<String> namesIn(String source) {
        String code = source
                .replaceAll("(?s)\"\"\".*?\"\"\"", "\"\"")
                .replaceAll("\"(?:\\\\.|[^\"\\\\\n])*\"", "\"\"")
                .replaceAll("(?s)/\\*.*?\\*/", " ")
                .replaceAll("//[^\n]*", " ")
                .replaceAll("(?m)^\\s*package [^;]*;", " ");
        var names = new TreeSet<String>();
        var matcher = NAME.matcher(code);
        while (matcher.find()) {
            names.add(matcher.group());
        }
        return names;
    }

    private static Set<String> union(Set<String> names, String... more) {
        var all = new TreeSet<>(names);
        all.addAll(List.of(more));
        return all;
    }
}
