package io.fairlead.testbed.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''                          | true",
        "app=web                     | true",
        "app==web                    | true",
        "app=web,tier=front          | true",
        "app=web,tier=back           | false",
        "app!=web                    | false",
        "other!=web                  | true",
        "app in (db, web)            | true",
        "app notin (db, web)         | false",
        "other notin (db)            | true",
        "app                         | true",
        "!app                        | false",
        "!other                      | true",
        "app in (db,web),tier=front  | true",
    })
    void labelSelectorsFollowTheApi(String selector, boolean matches) {
        var pod = Json.parse("{\"metadata\":{\"labels\":{\"app\":\"web\",\"tier\":\"front\"}}}");
        assertEquals(matches, Selector.labels(selector).test(pod));
    }

    @Test void fieldSelectorsReadAnyPlainField() {
        var pod = Json.parse("{\"metadata\":{\"name\":\"a\"},\"status\":{\"phase\":\"Running\"}}");
        assertEquals(true, Selector.fields("metadata.name=a,status.phase!=Pending").test(pod));
        assertEquals(false, Selector.fields("metadata.name=b").test(pod));
    }

    @Test void nonsenseIsABadRequest() {
        assertThrows(IllegalArgumentException.class, () -> Selector.labels("a b c"));
        assertThrows(IllegalArgumentException.class, () -> Selector.fields("metadata.name"));
    }
}
