package io.ambassador.launcher.admin;

import io.ambassador.service.ServiceStatus;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Which path is answered how. Reading is GET or HEAD, changing is POST. */
final class Router {
    private static final String SERVICES = "/api/services";

    /** What holds nothing to protect: probes, whose askers have no token, and the page, which asks for one. */
    private static final Set<String> OPEN =
            Set.of("/", "/livez", "/healthz", "/live", "/liveness", "/readyz", "/ready", "/readiness", "/startup");

    private final Managed managed;
    private final Metrics metrics;
    private final Map<String, Function<HttpRequest, Reply>> reads;
    private final Map<String, Runnable> changes;

    Router(Managed managed, Metrics metrics) {
        this.managed = managed;
        this.metrics = metrics;
        this.reads = Map.ofEntries(
                Map.entry("/", request -> Dashboard.page()),
                Map.entry("/livez", request -> alive()),
                Map.entry("/healthz", request -> alive()),
                Map.entry("/live", request -> alive()),
                Map.entry("/liveness", request -> alive()),
                Map.entry("/readyz", request -> ready()),
                Map.entry("/ready", request -> ready()),
                Map.entry("/readiness", request -> ready()),
                Map.entry("/startup", request -> ready()),
                Map.entry("/metrics", this::metrics),
                Map.entry(SERVICES, request -> services()));
        this.changes = Map.of(
                "/api/drain", managed::drain, "/quitquitquit", managed::shutdown, "/shutdown", managed::shutdown);
    }

    /** Whether reading {@code uri} never needs a token. */
    static boolean isOpen(String uri) {
        int query = uri.indexOf('?');
        return OPEN.contains(query < 0 ? uri : uri.substring(0, query));
    }

    Reply answer(HttpRequest request) {
        String path;
        try {
            path = new QueryStringDecoder(request.uri()).path();
        } catch (IllegalArgumentException e) {
            return Reply.text(HttpResponseStatus.BAD_REQUEST, "The path is not percent-encoded correctly.");
        }
        Function<HttpRequest, Reply> read = reads.get(path);
        if (read == null && path.startsWith(SERVICES + "/")) {
            String name = path.substring(SERVICES.length() + 1);
            read = ignored -> service(name);
        }
        if (read != null) {
            boolean reading =
                    request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
            return reading ? read.apply(request) : notAllowed("GET, HEAD");
        }
        Runnable change = changes.get(path);
        if (change == null) {
            return Reply.text(HttpResponseStatus.NOT_FOUND, "There is nothing here. / shows what there is.");
        }
        if (!request.method().equals(HttpMethod.POST)) {
            return notAllowed("POST");
        }
        change.run();
        return Reply.text(HttpResponseStatus.ACCEPTED, "draining");
    }

    private static Reply notAllowed(String allowed) {
        return Reply.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "Use " + allowed + ".")
                .with("Allow", allowed);
    }

    private static Reply alive() {
        return Reply.text(HttpResponseStatus.OK, "alive");
    }

    private Reply ready() {
        if (managed.isDraining()) {
            return Reply.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "draining");
        }
        if (managed.isReady()) {
            return Reply.text(HttpResponseStatus.OK, "ready");
        }
        List<String> waiting = managed.services().stream()
                .filter(service -> !service.ready())
                .map(ServiceStatus::name)
                .toList();
        return Reply.text(
                HttpResponseStatus.SERVICE_UNAVAILABLE, "waiting for discovery of " + String.join(", ", waiting));
    }

    private Reply metrics(HttpRequest request) {
        @Nullable String accept = request.headers().get(HttpHeaderNames.ACCEPT);
        String type =
                accept != null && accept.contains("application/openmetrics-text") ? Metrics.OPEN_METRICS : Metrics.TEXT;
        return Reply.ok(type, metrics.scrape(type).getBytes(StandardCharsets.UTF_8));
    }

    private Reply services() {
        return Reply.ok(Reply.JSON, StatusJson.all(managed));
    }

    private Reply service(String name) {
        for (ServiceStatus service : managed.services()) {
            if (service.name().equals(name)) {
                return Reply.ok(Reply.JSON, StatusJson.one(service));
            }
        }
        return Reply.text(HttpResponseStatus.NOT_FOUND, "There is no such service. " + SERVICES + " lists them.");
    }
}
