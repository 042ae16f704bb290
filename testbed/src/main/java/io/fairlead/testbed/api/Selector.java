package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Label and field selectors in the query syntax of the Kubernetes API.
final class Selector {
    private static final Pattern SET = Pattern.compile("\\s*(\\S+)\\s+(in|notin)\\s+\\(([^)]*)\\)\\s*");
    private static final Pattern EQUALITY = Pattern.compile("\\s*([^=!\\s]+)\\s*(==|=|!=)\\s*([^=!\\s]*)\\s*");

    private Selector() {}

    /// `a=b,c!=d,e in (x,y),f notin (z),g,!h`; empty matches all.
    ///
    /// @throws IllegalArgumentException not such a list
    static Predicate<JsonNode> labels(String text) {
        Predicate<JsonNode> all = _ -> true;
        for (String part : split(text)) {
            all = all.and(label(part));
        }
        return all;
    }

    /// `metadata.name=x,status.phase!=Running`; any path of plain fields; empty matches all.
    ///
    /// @throws IllegalArgumentException not such a list
    static Predicate<JsonNode> fields(String text) {
        Predicate<JsonNode> all = _ -> true;
        for (String part : split(text)) {
            Matcher m = EQUALITY.matcher(part);
            if (!m.matches()) {
                throw new IllegalArgumentException("invalid field selector \"" + part + "\"");
            }
            String pointer = "/" + m.group(1).replace('.', '/');
            boolean equal = !m.group(2).equals("!=");
            String value = m.group(3);
            all = all.and(object -> object.at(pointer).asText("").equals(value) == equal);
        }
        return all;
    }

    private static Predicate<JsonNode> label(String part) {
        Matcher set = SET.matcher(part);
        if (set.matches()) {
            String key = set.group(1);
            Set<String> values = Arrays.stream(set.group(3).split(",")).map(String::strip).collect(Collectors.toSet());
            boolean in = set.group(2).equals("in");
            return object -> in ? has(object, key) && values.contains(value(object, key)) : !has(object, key) || !values.contains(value(object, key));
        }
        Matcher equality = EQUALITY.matcher(part);
        if (equality.matches()) {
            String key = equality.group(1);
            String value = equality.group(3);
            return equality.group(2).equals("!=")
                    ? object -> !has(object, key) || !value(object, key).equals(value)
                    : object -> has(object, key) && value(object, key).equals(value);
        }
        String key = part.strip();
        if (key.isEmpty() || key.contains(" ")) {
            throw new IllegalArgumentException("invalid label selector \"" + part + "\"");
        }
        return key.startsWith("!") ? object -> !has(object, key.substring(1).strip()) : object -> has(object, key);
    }

    private static boolean has(JsonNode object, String key) {
        return object.path("metadata").path("labels").has(key);
    }

    private static String value(JsonNode object, String key) {
        return object.path("metadata").path("labels").path(key).asText();
    }

    /// At commas outside of parentheses.
    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && depth == 0) {
                parts.add(text.substring(start, i));
                start = i + 1;
            }
        }
        if (!text.isBlank()) {
            parts.add(text.substring(start));
        }
        return parts;
    }
}
