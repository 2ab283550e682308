package io.ambassador.launcher.admin;

import java.util.List;

/** What is configured, as JSON. */
final class ConfigJson {
    private ConfigJson() {}

    static byte[] of(long generation, List<EffectiveValue> values) {
        return Json.bytes(json -> {
            json.writeStartObject();
            json.writeNumberField("generation", generation);
            json.writeArrayFieldStart("values");
            for (EffectiveValue each : values) {
                json.writeStartObject();
                json.writeStringField("key", each.key());
                json.writeStringField("value", each.value());
                json.writeStringField("origin", each.origin());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }
}
