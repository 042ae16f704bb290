package io.fairlead.engine.kube;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// The events of one watch request: JSON values, one after the other, on a connection of their own.
final class ApiPodWatch implements PodWatch {
    private final HttpConnection connection;
    private final JsonReader events;

    /// Takes `connection`.
    ApiPodWatch(HttpConnection connection, InputStream body) {
        this.connection = connection;
        this.events = new JsonReader(new InputStreamReader(body, StandardCharsets.UTF_8));
        this.events.setStrictness(Strictness.LENIENT); // allows several values in a row
    }

    @Override
    public Event next(long deadlineNanos) throws InterruptedException {
        try {
            while (true) {
                long millis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
                if (millis <= 0) {
                    return new Event.TimedOut();
                }
                connection.readTimeout((int) Math.min(Integer.MAX_VALUE, millis));
                if (events.peek() == JsonToken.END_DOCUMENT) {
                    return new Event.Ended("the server ended the watch");
                }
                Json event = Json.read(events);
                switch (event.at("type").text()) {
                    case "ADDED", "MODIFIED" -> {
                        return new Event.Changed(ApiObjects.pod(event.at("object")));
                    }
                    case "DELETED" -> {
                        return new Event.Deleted(ApiObjects.pod(event.at("object")));
                    }
                    case "ERROR" -> {
                        return new Event.Ended(event.at("object", "message").text());
                    }
                    default -> { } // BOOKMARK and what may come
                }
            }
        } catch (SocketTimeoutException _) {
            return new Event.TimedOut();
        } catch (IOException | RuntimeException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            return new Event.Ended(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
