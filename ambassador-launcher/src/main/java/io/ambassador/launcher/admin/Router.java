package io.ambassador.launcher.admin;

import io.ambassador.launcher.logging.Logging;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.AmbassadorException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which path is answered how. Reading is GET or HEAD, changing is POST. */
final class Router {
    private static final String SERVICES = "/api/services";
    private static final String RELOAD = "/api/reload";
    private static final String EVENTS = "/api/events";
    private static final String RECENT = "/api/connections/recent";
    private static final String CONFIG = "/api/config";
    private static final String LOG_LEVEL = "/api/log-level";
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.admin");

    /** What holds nothing to protect: probes, whose askers have no token, and the page, which asks for one. */
    private static final Set<String> OPEN =
            Set.of("/", "/livez", "/healthz", "/live", "/liveness", "/readyz", "/ready", "/readiness", "/startup");

    private final Managed managed;
    private final Metrics metrics;
    private final EventStreams streams;
    private final Map<String, Function<HttpRequest, Reply>> reads;
    private final Map<String, Function<HttpRequest, Reply>> changes;

    /** @param heartbeat of those who follow events */
    Router(Managed managed, Metrics metrics, Duration heartbeat) {
        this.managed = managed;
        this.metrics = metrics;
        this.streams = new EventStreams(managed, heartbeat);
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
                Map.entry(LOG_LEVEL, request -> logLevel()),
                Map.entry(CONFIG, request -> configuration()),
                Map.entry(RECENT, this::recent),
                Map.entry(EVENTS, this::events),
                Map.entry(SERVICES, request -> services()));
        this.changes = Map.of(
                "/api/drain",
                request -> draining(managed::drain),
                "/quitquitquit",
                request -> draining(managed::shutdown),
                "/shutdown",
                request -> draining(managed::shutdown),
                LOG_LEVEL,
                Router::setLogLevel);
    }

    /** Whether reading {@code uri} never needs a token. */
    static boolean isOpen(String uri) {
        int query = uri.indexOf('?');
        return OPEN.contains(query < 0 ? uri : uri.substring(0, query));
    }

    /** Perhaps later, on any thread. */
    CompletableFuture<Reply> answer(HttpRequest request) {
        QueryStringDecoder uri = new QueryStringDecoder(request.uri());
        try {
            DrainRequest drain = DrainRequest.of(uri.path());
            boolean slow = drain != null || uri.path().equals(RELOAD);
            if (slow && !request.method().equals(HttpMethod.POST)) {
                return CompletableFuture.completedFuture(notAllowed("POST"));
            }
            if (drain != null) {
                return drain(drain);
            }
            return slow
                    ? reload(uri.parameters().getOrDefault("dry-run", List.of("false")))
                    : CompletableFuture.completedFuture(answer(request, uri.path()));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(
                    Reply.text(HttpResponseStatus.BAD_REQUEST, "The path is not percent-encoded correctly."));
        }
    }

    private CompletableFuture<Reply> drain(DrainRequest wanted) {
        CompletableFuture<Void> done;
        if (wanted.endpoint() == null) {
            done = managed.drainService(wanted.service(), wanted.undo());
        } else {
            try {
                managed.drainEndpoint(wanted.service(), wanted.endpoint(), wanted.undo());
                done = CompletableFuture.completedFuture(null);
            } catch (IllegalArgumentException e) {
                done = CompletableFuture.failedFuture(e);
            }
        }
        return done.handle((nothing, failure) -> {
            if (failure == null) {
                return Reply.text(HttpResponseStatus.OK, wanted.undo() ? "no longer drained" : "drained");
            }
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            HttpResponseStatus status = cause instanceof IllegalArgumentException
                    ? HttpResponseStatus.NOT_FOUND
                    : cause instanceof AmbassadorException
                            ? HttpResponseStatus.CONFLICT
                            : HttpResponseStatus.INTERNAL_SERVER_ERROR;
            return Reply.text(status, String.valueOf(cause.getMessage()));
        });
    }

    private CompletableFuture<Reply> reload(List<String> dryRun) {
        return switch (dryRun.get(0)) {
            case "true", "" -> managed.reload(true).thenApply(Router::reloaded);
            case "false" -> managed.reload(false).thenApply(Router::reloaded);
            default ->
                CompletableFuture.completedFuture(
                        Reply.text(HttpResponseStatus.BAD_REQUEST, "dry-run is true or false."));
        };
    }

    private static Reply reloaded(ReloadOutcome outcome) {
        HttpResponseStatus status =
                outcome.plan() == null ? HttpResponseStatus.UNPROCESSABLE_ENTITY : HttpResponseStatus.OK;
        return new Reply(status, Reply.JSON, ReloadJson.of(outcome), Map.of());
    }

    private Reply answer(HttpRequest request, String path) {
        Function<HttpRequest, Reply> read = reads.get(path);
        if (read == null && path.startsWith(SERVICES + "/")) {
            String name = path.substring(SERVICES.length() + 1);
            read = ignored -> service(name);
        }
        Function<HttpRequest, Reply> change = changes.get(path);
        if (read == null && change == null) {
            return Reply.text(HttpResponseStatus.NOT_FOUND, "There is nothing here. / shows what there is.");
        }
        HttpMethod method = request.method();
        if (read != null && (method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD))) {
            return read.apply(request);
        }
        if (change != null && method.equals(HttpMethod.POST)) {
            return change.apply(request);
        }
        return notAllowed((read == null ? "" : "GET, HEAD")
                + (read == null || change == null ? "" : ", ")
                + (change == null ? "" : "POST"));
    }

    private static Reply draining(Runnable command) {
        command.run();
        return Reply.text(HttpResponseStatus.ACCEPTED, "draining");
    }

    private static Reply logLevel() {
        return Reply.text(HttpResponseStatus.OK, Logging.levels());
    }

    private static Reply setLogLevel(HttpRequest request) {
        try {
            List<String> levels =
                    new QueryStringDecoder(request.uri()).parameters().getOrDefault("level", List.of());
            if (levels.isEmpty()) {
                throw new IllegalArgumentException("Say which: ?level=info,service.redis=debug");
            }
            String wanted = String.join(",", levels);
            Logging.check(wanted);
            LOG.info("Log level: {}, before: {}", wanted, Logging.levels()); // now, since it may be silent in a moment
            Logging.setLevels(wanted);
        } catch (IllegalArgumentException e) {
            return Reply.text(HttpResponseStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
        }
        return logLevel();
    }

    private Reply events(HttpRequest request) {
        EventStream stream = streams.open(request);
        return stream == null
                ? Reply.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "Too many follow events.")
                : Reply.events(stream);
    }

    private Reply recent(HttpRequest request) {
        Map<String, List<String>> wanted = new QueryStringDecoder(request.uri()).parameters();
        String limit = wanted.getOrDefault("limit", List.of("100000")).get(0);
        if (!limit.matches("\\d{1,6}")) {
            return Reply.text(HttpResponseStatus.BAD_REQUEST, "limit is a number, such as 20.");
        }
        List<String> services = wanted.getOrDefault("service", List.of());
        return Reply.ok(
                Reply.JSON,
                ExplainJson.connections(managed.recentConnections().stream()
                        .filter(each -> services.isEmpty() || services.contains(each.service()))
                        .limit(Integer.parseInt(limit))
                        .toList()));
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
        Accept accept = new Accept(request.headers().getAll(HttpHeaderNames.ACCEPT));
        double open = accept.quality("application/openmetrics-text", "1.0.0");
        boolean wanted = open > 0 && open >= accept.quality("text/plain", "0.0.4");
        String type = wanted ? Metrics.OPEN_METRICS : Metrics.TEXT; // the latter also where neither is wanted
        return Reply.ok(type, metrics.scrape(type).getBytes(StandardCharsets.UTF_8));
    }

    private Reply configuration() {
        return Reply.ok(Reply.JSON, ConfigJson.of(managed.generation(), managed.configuration()));
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
