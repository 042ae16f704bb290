package io.fairlead.engine.kube;

import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A YAML mapping whose scalars are read as they are written, so that a token `0123` or a user name `no` stays itself. Works on the node
/// tree: building Java objects would cost start-up time and guess types.
///
/// Throws {@link Wrong} with the line where the text is not what was asked for.
final class YamlMap {
    /// Largest file we read, in characters; more is a mistake.
    private static final int CHARACTERS_MAX = 16 * 1024 * 1024;
    private static final Set<String> TRUE = Set.of("true", "yes", "on", "y");

    /// The text is no YAML, or another kind of value than expected.
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1L;

        Wrong(String problem) {
            super(problem, null, false, false);
        }
    }

    private final Map<String, Node> entries;

    private YamlMap(Map<String, Node> entries) {
        this.entries = entries;
    }

    static YamlMap parse(String text) throws Wrong {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(CHARACTERS_MAX);
        try {
            Node root = new Yaml(options).compose(new StringReader(text));
            return root == null ? new YamlMap(Map.of()) : mapping(root, "the file");
        } catch (MarkedYAMLException e) {
            throw new Wrong((e.getProblemMark() == null ? "" : "line " + (e.getProblemMark().getLine() + 1) + ": ") + e.getProblem());
        } catch (YAMLException e) {
            throw new Wrong(e.getMessage());
        }
    }

    boolean has(String key) {
        return present(key).isPresent();
    }

    /// The scalar at `key`; empty when it is absent or null.
    String text(String key) throws Wrong {
        Optional<Node> node = present(key);
        return node.isEmpty() ? "" : scalar(node.get(), key);
    }

    boolean flag(String key) throws Wrong {
        Optional<Node> node = present(key);
        if (node.isEmpty()) {
            return false;
        }
        String value = scalar(node.get(), key);
        if (!node.get().getTag().equals(Tag.BOOL)) {
            throw wrong(node.get(), key, "true or false");
        }
        return TRUE.contains(value.toLowerCase(Locale.ROOT));
    }

    /// The mapping at `key`; an empty one when it is absent or null.
    YamlMap map(String key) throws Wrong {
        Optional<Node> node = present(key);
        return node.isEmpty() ? new YamlMap(Map.of()) : mapping(node.get(), key);
    }

    List<YamlMap> maps(String key) throws Wrong {
        List<YamlMap> found = new ArrayList<>();
        for (Node item : items(key)) {
            found.add(mapping(item, key));
        }
        return found;
    }

    List<String> texts(String key) throws Wrong {
        List<String> found = new ArrayList<>();
        for (Node item : items(key)) {
            found.add(scalar(item, key));
        }
        return found;
    }

    Set<String> keys() {
        return entries.keySet();
    }

    private List<Node> items(String key) throws Wrong {
        Optional<Node> node = present(key);
        if (node.isEmpty()) {
            return List.of();
        }
        if (node.get() instanceof SequenceNode list) {
            return list.getValue();
        }
        throw wrong(node.get(), key, "a list");
    }

    private Optional<Node> present(String key) {
        return Optional.ofNullable(entries.get(key)).filter(node -> !node.getTag().equals(Tag.NULL));
    }

    private static YamlMap mapping(Node node, String key) throws Wrong {
        if (!(node instanceof MappingNode map)) {
            throw wrong(node, key, "a mapping");
        }
        Map<String, Node> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : map.getValue()) {
            entries.put(scalar(tuple.getKeyNode(), key), tuple.getValueNode());
        }
        return new YamlMap(entries);
    }

    private static String scalar(Node node, String key) throws Wrong {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw wrong(node, key, "a single value");
    }

    private static Wrong wrong(Node node, String key, String expected) {
        return new Wrong("line " + (node.getStartMark().getLine() + 1) + ": " + key + " must be " + expected);
    }
}
