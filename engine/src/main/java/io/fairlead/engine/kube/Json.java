package io.fairlead.engine.kube;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;

import java.io.IOException;
import java.io.StringReader;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One JSON value as a tree of maps, lists and text, with readers that forgive what is absent. A plain tree and not the client's model
/// classes, as those cost 700 classes at start.
final class Json {
    private static final Json ABSENT = new Json("");

    /// A `Map<String, Json>`, a `List<Json>`, or the text of a scalar, empty for null.
    private final Object value;

    private Json(Object value) {
        this.value = value;
    }

    static Json parse(String text) throws IOException {
        return read(new JsonReader(new StringReader(text)));
    }

    /// Reads exactly one value and not a byte more than it needs.
    static Json read(JsonReader in) throws IOException {
        JsonToken token = in.peek();
        switch (token) {
            case BEGIN_OBJECT -> {
                Map<String, Json> entries = new LinkedHashMap<>();
                in.beginObject();
                while (in.hasNext()) {
                    entries.put(in.nextName(), read(in));
                }
                in.endObject();
                return new Json(entries);
            }
            case BEGIN_ARRAY -> {
                List<Json> items = new ArrayList<>();
                in.beginArray();
                while (in.hasNext()) {
                    items.add(read(in));
                }
                in.endArray();
                return new Json(items);
            }
            case NULL -> {
                in.nextNull();
                return ABSENT;
            }
            case BOOLEAN -> {
                return new Json(String.valueOf(in.nextBoolean()));
            }
            case STRING, NUMBER -> {
                return new Json(in.nextString());
            }
            case NAME, END_OBJECT, END_ARRAY, END_DOCUMENT -> throw new IOException("unexpected " + token + " in JSON");
        }
        throw new AssertionError(token);
    }

    /// The value under these names; an absent one where a step is missing.
    Json at(String... names) {
        Json here = this;
        for (String name : names) {
            here = here.value instanceof Map<?, ?> map && map.get(name) instanceof Json next ? next : ABSENT;
        }
        return here;
    }

    boolean isObject() {
        return value instanceof Map;
    }

    String text() {
        return value instanceof String text ? text : "";
    }

    int number() {
        try {
            return Integer.parseInt(text());
        } catch (NumberFormatException _) {
            return 0;
        }
    }

    Optional<Instant> time() {
        try {
            return text().isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text()));
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }

    List<Json> items() {
        if (!(value instanceof List<?> list)) {
            return List.of();
        }
        return list.stream().map(Json.class::cast).toList();
    }

    Map<String, Json> entries() {
        Map<String, Json> entries = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, json) -> entries.put((String) name, (Json) json));
        }
        return entries;
    }
}
