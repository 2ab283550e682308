package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.discovery.support.http.Lines;
import io.ambassador.discovery.support.http.Target;
import io.ambassador.discovery.support.registry.Pulse;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists the EndpointSlices of one service, then watches them from there on, and begins anew when a watch has ended or the
 * API server no longer knows where it stopped. On the control thread, except that answers are read where they arrive.
 *
 * @see <a href="https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes">Watching</a>
 */
final class SliceWatch implements Pulse.Member {
    private static final Logger LOG = LoggerFactory.getLogger(SliceWatch.class);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LONGEST_WATCH = Duration.ofMinutes(5);
    private static final Duration SPREAD = Duration.ofMillis(500);

    /** Changes that come within this are told together. */
    private static final Duration GATHER = Duration.ofMillis(20);

    private static final int PAGE = 50;
    private static final int GONE = 410;

    private final KubernetesConfig config;
    private final Shared<?, ApiServer>.Lease lease;
    private final ApiServer server;
    private final ScheduledExecutorService scheduler;
    private final Consumer<Told> listener;
    private final Slices slices;
    private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(10));
    private String version = "";
    private int failures;
    private boolean telling;
    private @Nullable CompletableFuture<?> asked;
    private @Nullable Future<?> timer;
    private volatile boolean closed;

    private SliceWatch(
            KubernetesConfig config,
            Shared<?, ApiServer>.Lease lease,
            ScheduledExecutorService scheduler,
            Consumer<Told> listener) {
        this.config = config;
        this.lease = lease;
        this.server = lease.value();
        this.scheduler = scheduler;
        this.listener = listener;
        this.slices = new Slices(config);
    }

    /** @return ends it, on any thread */
    static Runnable start(
            KubernetesConfig config, InCluster cluster, ScheduledExecutorService scheduler, Consumer<Told> listener) {
        Shared<?, ApiServer>.Lease lease = ApiServer.lease(config.server(), cluster, scheduler);
        if (lease == null) {
            listener.accept(new Told.Unreachable(new DiscoveryException(config.name()
                    + ": this is no container of a cluster, since KUBERNETES_SERVICE_HOST is not set. Name the API"
                    + " server: discovery { type = kubernetes, server = \"https://…\" }")));
            return () -> {};
        }
        SliceWatch watch = new SliceWatch(config, lease, scheduler, listener);
        Pulse.schedule(scheduler, watch::begin, Duration.ZERO);
        return watch::close;
    }

    private void begin() {
        if (!closed) {
            server.pulse().join(this);
            list();
        }
    }

    private void close() {
        closed = true;
        Pulse.schedule(
                scheduler,
                () -> {
                    server.pulse().leave(this);
                    forget();
                },
                Duration.ZERO);
        lease.close();
    }

    @Override
    public void onDown(DiscoveryException why) {
        forget();
        listener.accept(new Told.Unreachable(why));
    }

    @Override
    public void onUp() {
        forget();
        after(Jitter.between(Duration.ZERO, SPREAD), this::list);
    }

    /** Takes back what was asked, or is planned. */
    private void forget() {
        CompletableFuture<?> question = asked;
        asked = null;
        if (question != null) {
            question.cancel(true);
        }
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void list() {
        if (!closed && asked == null) {
            page(new Listing(), "");
        }
    }

    /** One page after the other, then the service itself if it takes that to tell what they mean. */
    private void page(Listing listing, String next) {
        Target target = slices().query("limit", Integer.toString(PAGE));
        if (!next.isEmpty()) {
            target.query("continue", next);
        }
        CompletableFuture<@Nullable HttpAnswer> question = server.client()
                .send(HttpRequest.get(target.toString()), ANSWER_TIMEOUT)
                .thenApply(answer -> {
                    if (answer.isSuccess()) {
                        listing.read(answer);
                        return null;
                    }
                    return answer;
                });
        ask(question, refused -> {
            if (refused != null) {
                refused(refused);
            } else if (!listing.next().isEmpty()) {
                page(listing, listing.next());
            } else if (listing.slices().isEmpty() || config.port().matches("\\d+")) {
                readService(listing);
            } else {
                listed(listing);
            }
        });
    }

    private void readService(Listing listing) {
        Target target =
                new Target("/api/v1/namespaces").segment(config.namespace()).path("services/" + config.service());
        CompletableFuture<HttpAnswer> question =
                server.client().send(HttpRequest.get(target.toString()), ANSWER_TIMEOUT);
        ask(question, answer -> {
            if (answer.isSuccess()) {
                Map<Integer, String> ports = new HashMap<>();
                for (Json port :
                        Json.parse(answer.stream()).get("spec").get("ports").elements()) {
                    ports.put(port.integer("port", 0), port.text("name"));
                }
                slices.service(ports);
            } else {
                slices.service(answer.status() == 404 ? null : Map.of()); // not everybody may read it
            }
            listed(listing);
        });
    }

    private void listed(Listing listing) {
        slices.replace(listing.slices());
        version = listing.version();
        heard();
        listener.accept(slices.told());
        watch();
    }

    private void watch() {
        long seconds = Jitter.between(LONGEST_WATCH.multipliedBy(4).dividedBy(5), LONGEST_WATCH)
                .toSeconds();
        Target target = slices().query("watch", "1")
                .query("allowWatchBookmarks", "true")
                .query("resourceVersion", version)
                .query("timeoutSeconds", Long.toString(seconds));
        Watching watching = new Watching();
        CompletableFuture<HttpAnswer> question = server.client()
                .follow(HttpRequest.get(target.toString()), LONGEST_WATCH.plus(ANSWER_TIMEOUT), watching);
        watching.question = question;
        ask(question, answer -> {
            if (!answer.isSuccess()) {
                refused(answer);
            } else if (watching.problem == null) {
                list(); // it has gone on for long enough
            } else {
                startOver(watching.problem);
            }
        });
    }

    /** Runs {@code then} with the answer, unless the question was taken back meanwhile. */
    private <T extends @Nullable Object> void ask(CompletableFuture<T> question, Consumer<T> then) {
        asked = question;
        question.whenComplete((answer, failure) -> Pulse.schedule(
                scheduler,
                () -> {
                    if (asked != question) {
                        return;
                    }
                    asked = null;
                    if (failure == null) {
                        then.accept(answer);
                    } else {
                        failed(failure);
                    }
                },
                Duration.ZERO));
    }

    private void refused(HttpAnswer answer) {
        if (answer.status() == GONE) {
            startOver("the API server no longer knows where the watch stopped");
            return;
        }
        if (answer.status() == 401) {
            server.client().refused();
        }
        String hint = answer.status() == 403
                ? ". The service account needs the verbs list and watch for endpointslices of discovery.k8s.io"
                : "";
        unreachable(server.problem(answer.summary() + hint));
        after(backoff.next(), this::list);
    }

    /** What was watched is out of date; many may find that at once. */
    private void startOver(String why) {
        version = "";
        server.pulse().suspect();
        after(Jitter.between(Duration.ZERO, SPREAD), this::list);
        LOG.debug("{}: lists anew: {}", config.name(), why);
    }

    /** A connection that broke is no news: a watch goes on where it stopped. Only if that fails, too, it is told. */
    private void failed(Throwable failure) {
        failures++;
        DiscoveryException why = failure.getCause() instanceof IllegalArgumentException wrong
                ? server.problem("its answer " + wrong.getMessage())
                : server.asDiscovery(failure);
        if (failures > 1 || version.isEmpty()) {
            unreachable(why);
            version = "";
        }
        server.pulse().suspect();
        after(backoff.next(), version.isEmpty() ? this::list : this::watch);
    }

    private void unreachable(DiscoveryException why) {
        listener.accept(new Told.Unreachable(why));
    }

    private void heard() {
        failures = 0;
        backoff.reset();
    }

    private void after(Duration delay, Runnable step) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = Pulse.schedule(
                scheduler,
                () -> {
                    if (!closed && asked == null) {
                        step.run();
                    }
                },
                delay);
    }

    private void tellSoon() {
        if (!telling) {
            telling = true;
            Pulse.schedule(
                    scheduler,
                    () -> {
                        telling = false;
                        if (!closed && !version.isEmpty()) {
                            listener.accept(slices.told());
                        }
                    },
                    GATHER);
        }
    }

    private Target slices() {
        return new Target("/apis/discovery.k8s.io/v1/namespaces")
                .segment(config.namespace())
                .segment("endpointslices")
                .query("labelSelector", "kubernetes.io/service-name=" + config.service());
    }

    /** Hears the events of one watch. */
    private final class Watching implements Lines {
        private volatile @Nullable CompletableFuture<?> question;
        private volatile @Nullable String problem;

        @Override
        public void onOpen() {
            onControlThread(SliceWatch.this::heard);
        }

        @Override
        public void onLine(String line) {
            Json event = Json.parse(line);
            Json object = event.get("object");
            String newVersion = object.get("metadata").text("resourceVersion");
            switch (event.text("type")) {
                case "ADDED", "MODIFIED" -> {
                    Slice slice = Slice.read(object);
                    onControlThread(() -> changed(newVersion, () -> slices.put(slice)));
                }
                case "DELETED" -> {
                    String name = object.get("metadata").text("name");
                    onControlThread(() -> changed(newVersion, () -> slices.remove(name)));
                }
                case "BOOKMARK" -> onControlThread(() -> version = newVersion);
                case "ERROR" -> problem = object.text("message"); // the end of the answer follows
                default -> {}
            }
        }

        private void changed(String newVersion, Runnable change) {
            change.run();
            version = newVersion;
            tellSoon();
        }

        private void onControlThread(Runnable step) {
            Pulse.schedule(
                    scheduler,
                    () -> {
                        if (asked == question && !closed) {
                            step.run();
                        }
                    },
                    Duration.ZERO);
        }
    }
}
