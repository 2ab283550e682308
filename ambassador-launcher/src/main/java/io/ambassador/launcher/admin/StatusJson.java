package io.ambassador.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.CredentialStatus;
import io.ambassador.service.ServiceStatus.EndpointStatus;
import io.ambassador.service.ServiceStatus.LocalityStatus;
import io.ambassador.service.ServiceStatus.SourceStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Services as JSON. Durations are numbers whose unit the key names; what is unknown is {@code null}. */
final class StatusJson {
    private StatusJson() {}

    static byte[] all(Managed managed) {
        return Json.bytes(json -> {
            json.writeStartObject();
            json.writeBooleanField("ready", managed.isReady());
            json.writeBooleanField("draining", managed.isDraining());
            json.writeArrayFieldStart("services");
            for (ServiceStatus service : managed.services()) {
                service(json, service);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    static byte[] one(ServiceStatus service) {
        return Json.bytes(json -> service(json, service));
    }

    private static void service(JsonGenerator json, ServiceStatus service) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", service.name());
        json.writeStringField("protocol", service.protocol());
        json.writeStringField("balancing", service.balancing());
        json.writeArrayFieldStart("listening");
        for (SocketAddress address : service.listening()) {
            json.writeString(text(address));
        }
        json.writeEndArray();
        json.writeBooleanField("ready", service.ready());
        json.writeBooleanField("panic", service.panic());
        json.writeBooleanField("drained", service.drained());
        json.writeNumberField("activeConnections", service.activeConnections());
        json.writeNumberField("openedConnections", service.openedConnections());
        json.writeNumberField("bytesToBackend", service.bytesToBackend());
        json.writeNumberField("bytesToClient", service.bytesToClient());
        json.writeArrayFieldStart("endpoints");
        for (EndpointStatus endpoint : service.endpoints()) {
            endpoint(json, endpoint);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("sources");
        for (SourceStatus source : service.sources()) {
            source(json, source);
        }
        json.writeEndArray();
        LocalityStatus locality = service.locality();
        if (locality == null) {
            json.writeNullField("locality");
        } else {
            json.writeObjectFieldStart("locality");
            json.writeStringField("zone", locality.zone());
            json.writeNumberField("share", Math.round(locality.share() * 1_000) / 1_000.0);
            json.writeEndObject();
        }
        json.writeFieldName("credentials");
        credentials(json, service.credentials());
        json.writeEndObject();
    }

    private static void endpoint(JsonGenerator json, EndpointStatus endpoint) throws IOException {
        json.writeStartObject();
        json.writeStringField("address", endpoint.endpoint().address());
        json.writeStringField("health", word(endpoint.health()));
        json.writeStringField("role", word(endpoint.role()));
        json.writeNumberField("weight", endpoint.weight());
        json.writeNumberField("priority", endpoint.endpoint().priority());
        json.writeNumberField("activeConnections", endpoint.activeConnections());
        json.writeNumberField("openedConnections", endpoint.openedConnections());
        json.writeNumberField("failures", endpoint.failures());
        Duration latency = endpoint.latency();
        if (latency == null) {
            json.writeNullField("latencyMillis");
        } else {
            json.writeNumberField("latencyMillis", latency.toNanos() / 1_000 / 1_000.0);
        }
        seconds(json, "heldSeconds", endpoint.heldFor());
        json.writeStringField("lastError", endpoint.lastError());
        json.writeStringField("zone", endpoint.endpoint().zone());
        json.writeArrayFieldStart("tags");
        for (String tag : new TreeSet<>(endpoint.endpoint().tags())) {
            json.writeString(tag);
        }
        json.writeEndArray();
        json.writeObjectFieldStart("metadata");
        for (Map.Entry<String, String> entry : new TreeMap<>(endpoint.endpoint().metadata()).entrySet()) {
            json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void source(JsonGenerator json, SourceStatus source) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", source.name());
        json.writeStringField("state", source.state());
        json.writeBooleanField("selected", source.selected());
        json.writeNumberField("weight", source.weight());
        json.writeNumberField("endpoints", source.endpoints());
        json.writeNumberField("leftOut", source.leftOut());
        age(json, source.age());
        seconds(json, "changedSeconds", source.changed());
        seconds(json, "failedSeconds", source.failed());
        json.writeBooleanField("stale", source.stale());
        json.writeStringField("lastError", source.lastError());
        json.writeEndObject();
    }

    private static void credentials(JsonGenerator json, @Nullable CredentialStatus credentials) throws IOException {
        if (credentials == null) {
            json.writeNull();
            return;
        }
        json.writeStartObject();
        json.writeStringField("username", credentials.username());
        json.writeStringField("source", credentials.source());
        json.writeStringField("nextSource", credentials.nextSource());
        json.writeNumberField("version", credentials.version());
        json.writeNumberField("versionInUse", credentials.versionInUse());
        age(json, credentials.age());
        json.writeStringField("state", word(credentials.state()).replace('_', '-'));
        seconds(json, "refusedSeconds", credentials.refusedFor());
        seconds(json, "retryInSeconds", credentials.untilRetry());
        json.writeNumberField("waitingClients", credentials.waiting());
        json.writeBooleanField("previousKept", credentials.previousKept());
        json.writeStringField("lastError", credentials.lastError());
        json.writeEndObject();
    }

    private static void age(JsonGenerator json, @Nullable Duration age) throws IOException {
        seconds(json, "ageSeconds", age);
    }

    private static void seconds(JsonGenerator json, String key, @Nullable Duration duration) throws IOException {
        if (duration == null) {
            json.writeNullField(key);
        } else {
            json.writeNumberField(key, duration.toMillis() / 1_000.0);
        }
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return "unix:" + address;
        }
        String host = inet.getAddress() == null
                ? inet.getHostString()
                : inet.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
    }
}
