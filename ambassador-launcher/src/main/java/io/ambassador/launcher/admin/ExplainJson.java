package io.ambassador.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ambassador.explain.Attempt;
import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Event;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Connections and events as JSON. What did not happen is left out. */
final class ExplainJson {
    private ExplainJson() {}

    static byte[] connections(List<ConnectionRecord> connections) {
        return Json.bytes(json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("connections");
            for (ConnectionRecord connection : connections) {
                connection(json, connection);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void connection(JsonGenerator json, ConnectionRecord connection) throws IOException {
        json.writeStartObject();
        json.writeStringField("startedAt", connection.startedAt().toString());
        json.writeStringField("reason", connection.reason().word());
        for (Map.Entry<String, Object> field : connection.fields().entrySet()) {
            if (field.getKey().equals("attempts")) {
                json.writeArrayFieldStart("attempts");
                for (Attempt attempt : connection.attempts()) {
                    attempt(json, attempt);
                }
                json.writeEndArray();
            } else {
                json.writeObjectField(field.getKey(), field.getValue());
            }
        }
        json.writeEndObject();
    }

    private static void attempt(JsonGenerator json, Attempt attempt) throws IOException {
        json.writeStartObject();
        json.writeStringField("endpoint", attempt.endpoint().address());
        json.writeStringField(
                "outcome",
                attempt.failure() == null ? "ready" : attempt.failure().word());
        json.writeNumberField("millis", attempt.took().toNanos() / 1_000 / 1_000.0);
        optional(json, "detail", attempt.detail());
        json.writeEndObject();
    }

    static byte[] event(Event event) {
        return Json.bytes(json -> {
            json.writeStartObject();
            json.writeStringField("time", event.time().toString());
            json.writeStringField("kind", event.kind().word());
            optional(json, "service", event.service());
            optional(json, "subject", event.subject());
            optional(json, "detail", event.detail());
            json.writeEndObject();
        });
    }

    private static void optional(JsonGenerator json, String name, String value) throws IOException {
        if (!value.isEmpty()) {
            json.writeStringField(name, value);
        }
    }
}
