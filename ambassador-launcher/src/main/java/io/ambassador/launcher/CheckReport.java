package io.ambassador.launcher;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.ambassador.ServiceReport;
import io.ambassador.ServiceReport.EndpointReport;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.Phase;
import io.ambassador.service.ServiceStatus.SourceStatus;
import io.ambassador.spi.PeerText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code check --connect} found, for people and for programs. */
final class CheckReport {
    private CheckReport() {}

    static void text(List<ServiceReport> reports, PrintWriter out) {
        for (ServiceReport report : reports) {
            out.println(report.name() + " (" + report.protocol() + "): "
                    + report.endpoints().size()
                    + (report.endpoints().size() == 1 ? " endpoint" : " endpoints") + " in "
                    + millis(report.resolved()));
            if (report.problem() != null) {
                out.println("  FAILED " + PeerText.escape(report.problem()));
            }
            report.endpoints().forEach(endpoint -> text(endpoint, out));
            if (report.unchecked() > 0) {
                out.println("  " + report.unchecked() + " more were not tried");
            }
        }
        long well = reports.stream().filter(ServiceReport::isWell).count();
        out.println("# " + well + " of " + reports.size() + " services can be reached in full.");
    }

    private static void text(EndpointReport endpoint, PrintWriter out) {
        EndReason failure = endpoint.failure();
        String took = took(endpoint.took());
        String address = "  " + PeerText.escape(endpoint.endpoint().address());
        if (failure == null) {
            out.println(address + " ok, role " + word(endpoint.role()) + (endpoint.loggedIn() ? ", logged in" : "")
                    + (took.isEmpty() ? "" : ", " + took));
            return;
        }
        out.println(address + " FAILED " + failure.word() + (took.isEmpty() ? "" : ", " + took) + ": "
                + PeerText.escape(endpoint.detail()));
        out.println("    " + advice(failure));
    }

    private static String took(Map<Phase, Duration> took) {
        List<String> parts = new ArrayList<>();
        for (Phase phase : Phase.values()) {
            if (took.containsKey(phase)) {
                parts.add(phase.word() + " " + millis(took.get(phase)));
            }
        }
        return String.join(", ", parts);
    }

    private static String millis(Duration duration) {
        return String.format(Locale.ROOT, "%.1f ms", duration.toNanos() / 1e6);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** What to do about it. */
    static String advice(EndReason failure) {
        return switch (failure) {
            case CONNECT_REFUSED -> "Nothing listens there: start the server, or correct what discovery says.";
            case CONNECT_TIMEOUT ->
                "Nobody answers: look for a firewall or a dead host, or raise limits.connect-timeout.";
            case CONNECT_FAILED -> "There may be no route from here: compare the address with this machine's network.";
            case NO_RESOURCES -> "This machine is short of something: look at ulimit -n, free ports and memory.";
            case TLS_TIMEOUT -> "The endpoint does not finish TLS: it may expect plain text on this port.";
            case TLS_FAILED -> "Compare tls.server-name, tls.ca and tls.certificate with what the endpoint shows.";
            case LOGIN_REFUSED ->
                "Correct credentials.username and credentials.password, or the server's. Not tried again, to spare the"
                        + " account a lock-out.";
            case LOGIN_TIMEOUT -> "The endpoint takes connections and says nothing: is this its protocol?";
            case LOGIN_FAILED -> "The endpoint is not ready to serve, or does not speak this protocol.";
            case LOGIN_UNSAFE -> "Add tls, or set credentials.insecure = true.";
            case SECRET_UNAVAILABLE -> "Make the source of credentials.password readable for this process.";
            default -> "See docs/troubleshooting.md.";
        };
    }

    static void json(List<ServiceReport> reports, PrintWriter out) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeBooleanField("ok", reports.stream().allMatch(ServiceReport::isWell));
            json.writeArrayFieldStart("services");
            for (ServiceReport report : reports) {
                service(json, report);
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        out.println(text);
    }

    private static void service(JsonGenerator json, ServiceReport report) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", report.name());
        json.writeStringField("protocol", report.protocol());
        json.writeBooleanField("ok", report.isWell());
        json.writeStringField("problem", report.problem());
        json.writeNumberField("discoveryMillis", millisOf(report.resolved()));
        json.writeArrayFieldStart("sources");
        for (SourceStatus source : report.sources()) {
            json.writeStartObject();
            json.writeStringField("name", source.name());
            json.writeStringField("state", source.state());
            json.writeNumberField("endpoints", source.endpoints());
            json.writeStringField("lastError", source.lastError());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("endpoints");
        for (EndpointReport endpoint : report.endpoints()) {
            endpoint(json, endpoint);
        }
        json.writeEndArray();
        json.writeNumberField("unchecked", report.unchecked());
        json.writeEndObject();
    }

    private static void endpoint(JsonGenerator json, EndpointReport endpoint) throws IOException {
        EndReason failure = endpoint.failure();
        json.writeStartObject();
        json.writeStringField("address", endpoint.endpoint().address());
        json.writeBooleanField("ok", failure == null);
        json.writeStringField("role", word(endpoint.role()));
        json.writeBooleanField("loggedIn", endpoint.loggedIn());
        for (Phase phase : Phase.values()) {
            Duration took = endpoint.took().get(phase);
            if (took != null) {
                json.writeNumberField(phase.word() + "Millis", millisOf(took));
            }
        }
        json.writeStringField("failure", failure == null ? null : failure.word());
        json.writeStringField("detail", endpoint.detail());
        json.writeStringField("advice", failure == null ? null : advice(failure));
        json.writeEndObject();
    }

    private static double millisOf(Duration duration) {
        return duration.toNanos() / 1_000 / 1_000.0;
    }
}
