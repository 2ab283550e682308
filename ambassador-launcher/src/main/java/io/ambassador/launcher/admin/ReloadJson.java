package io.ambassador.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ambassador.ChangePlan;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** What came of a reload, as JSON. */
final class ReloadJson {
    private ReloadJson() {}

    static byte[] of(ReloadOutcome outcome) {
        return Json.bytes(json -> {
            json.writeStartObject();
            json.writeStringField("result", outcome.result());
            json.writeNumberField("generation", outcome.generation());
            ChangePlan plan = outcome.plan();
            if (plan != null) {
                plan(json, plan);
                texts(json, "restart", outcome.restart());
            } else {
                texts(json, "problems", outcome.problems());
            }
            json.writeEndObject();
        });
    }

    private static void plan(JsonGenerator json, ChangePlan plan) throws IOException {
        json.writeArrayFieldStart("services");
        for (ChangePlan.ServiceChange service : plan.services()) {
            json.writeStartObject();
            json.writeStringField("service", service.service());
            json.writeStringField("change", word(service.kind()));
            json.writeArrayFieldStart("differences");
            for (ChangePlan.Difference difference : service.differences()) {
                json.writeStartObject();
                json.writeStringField("key", difference.key());
                json.writeStringField("from", difference.from());
                json.writeStringField("to", difference.to());
                json.writeStringField("effect", difference.effect());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("listeners");
        for (ChangePlan.ListenerChange listener : plan.listeners()) {
            json.writeStartObject();
            json.writeStringField("address", listener.address());
            json.writeStringField("service", listener.service());
            json.writeStringField("change", word(listener.kind()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void texts(JsonGenerator json, String name, List<String> texts) throws IOException {
        json.writeArrayFieldStart(name);
        for (String text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }

    private static String word(ChangePlan.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
