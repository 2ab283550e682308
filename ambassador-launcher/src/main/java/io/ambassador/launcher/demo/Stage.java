package io.ambassador.launcher.demo;

import io.ambassador.Ambassador;
import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Event;
import io.ambassador.explain.Observer;
import io.ambassador.launcher.admin.AdminServer;
import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.launcher.admin.EffectiveValue;
import io.ambassador.launcher.admin.Managed;
import io.ambassador.launcher.admin.Metrics;
import io.ambassador.launcher.admin.ReloadOutcome;
import io.ambassador.service.Catalog;
import io.ambassador.service.Credentials;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.CredentialStatus;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** The ambassador, its admin address, and the backends behind it, ready to serve. */
final class Stage implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration READY_WITHIN = Duration.ofSeconds(5);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Backends backends;
    private final Ambassador ambassador;
    private final AdminServer admin;
    private Password password = Password.random();

    /**
     * @param backends closed with the stage, also if this fails
     * @param wellKnownPorts 6379, 8080 and 9901 where they are free
     * @param shutdown told to end by the admin address
     */
    Stage(Backends backends, boolean wellKnownPorts, Runnable shutdown)
            throws IOException, AmbassadorException, InterruptedException {
        this.backends = backends;
        opened.push(backends);
        boolean ready = false;
        try {
            backends.passwords().add(password);
            backends.file().write(password);
            backends.start();
            Metrics metrics = new Metrics();
            opened.push(metrics);
            ambassador = ambassador(metrics, wellKnownPorts);
            opened.push(ambassador);
            int port = Ports.choose(9901, wellKnownPorts);
            admin = AdminServer.start(
                    AdminSpec.local(new ListenAddress.Tcp(LOOPBACK, port), true), managed(shutdown), metrics);
            opened.push(admin);
            awaitEndpoints();
            ready = true;
        } finally {
            if (!ready) {
                close();
            }
        }
    }

    private Ambassador ambassador(Metrics metrics, boolean wellKnownPorts) throws AmbassadorException {
        String pair = "srv://" + Zone.SERVICE + "?resolver=" + backends.dns().endpoint();
        String trio =
                "static://" + backends.http().stream().map(Server::endpoint).collect(Collectors.joining(","));
        return Ambassador.builder()
                .service(
                        "redis",
                        service -> service.listen(LOOPBACK, Ports.choose(6379, wellKnownPorts))
                                .protocol("redis")
                                .discover(pair)
                                .credentials(Credentials.file(
                                        Passwords.USER, backends.file().path()))
                                .health(health("redis"))
                                .onChange(drainQuickly()))
                .service(
                        "http",
                        service -> service.listen(LOOPBACK, Ports.choose(8080, wellKnownPorts))
                                .discover(trio)
                                .health(health("tcp"))
                                .onChange(drainQuickly()))
                .meterRegistry(metrics.registry())
                .start();
    }

    /** As by default, but quicker, so that a minute shows what else takes an hour. */
    private static HealthSpec health(String protocol) throws ConfigurationException {
        return new HealthSpec(
                Catalog.load().defaultProbe(protocol),
                Duration.ofMillis(500),
                Duration.ofSeconds(1),
                2,
                1,
                HealthSpec.DEFAULT.panicThreshold(),
                Duration.ZERO,
                new HealthSpec.Outlier(5, Duration.ofSeconds(1), 0.5));
    }

    /** A client that is still there when the demo ends is not waited for long. */
    private static OnChangeSpec drainQuickly() {
        OnChangeSpec usual = OnChangeSpec.DEFAULT;
        return new OnChangeSpec(usual.removed(), usual.demoted(), usual.unhealthy(), Duration.ofSeconds(1));
    }

    private void awaitEndpoints() throws AmbassadorException, InterruptedException {
        Deadline deadline = Deadline.in(READY_WITHIN);
        while (!ambassador.isReady()
                || status("redis").endpoints().size() < backends.redis().size()
                || status("http").endpoints().size() < backends.http().size()) {
            if (deadline.isOver()) {
                throw new AmbassadorException(
                        "The ambassador has not found its backends within " + READY_WITHIN.toSeconds() + " s.");
            }
            Thread.sleep(10);
        }
    }

    Backends backends() {
        return backends;
    }

    InetSocketAddress redis() {
        return ambassador.address("redis");
    }

    InetSocketAddress http() {
        return ambassador.address("http");
    }

    ListenAddress admin() {
        return admin.address();
    }

    private ServiceStatus status(String service) {
        return ambassador.services().stream()
                .filter(each -> each.name().equals(service))
                .findFirst()
                .orElseThrow();
    }

    /** How many passwords the ambassador has seen. */
    long passwordVersion() {
        CredentialStatus credentials = status("redis").credentials();
        return credentials == null ? 0 : credentials.version();
    }

    /** The password in force. */
    synchronized Password password() {
        return password;
    }

    /** Lets the servers take another password beside the one in force, and puts it into the file. */
    void introduce(Password next) throws IOException {
        backends.passwords().add(next);
        backends.file().write(next);
    }

    /** Ends a rotation: the servers refuse every password but {@code next}. */
    synchronized void retireAllBut(Password next) {
        backends.passwords().keepOnly(next);
        password = next;
    }

    private Managed managed(Runnable shutdown) {
        return new Managed() {
            private volatile boolean draining;

            @Override
            public List<ServiceStatus> services() {
                return ambassador.services();
            }

            @Override
            public List<ConnectionRecord> recentConnections() {
                return ambassador.recentConnections();
            }

            @Override
            public List<Event> recentEvents() {
                return ambassador.recentEvents();
            }

            @Override
            public AutoCloseable observe(Observer observer) {
                return ambassador.observe(observer);
            }

            @Override
            public boolean isReady() {
                return ambassador.isReady();
            }

            @Override
            public boolean isDraining() {
                return draining;
            }

            @Override
            public long generation() {
                return ambassador.generation();
            }

            @Override
            public List<EffectiveValue> configuration() {
                return List.of(); // the demo is described in code
            }

            @Override
            public CompletableFuture<ReloadOutcome> reload(boolean dryRun) {
                List<String> problem = List.of("The demo has no configuration that could be read again.");
                return CompletableFuture.completedFuture(ReloadOutcome.rejected(ambassador.generation(), problem));
            }

            @Override
            public CompletableFuture<Void> drainService(String service, boolean undo) {
                try {
                    if (undo) {
                        ambassador.undrainService(service);
                    } else {
                        ambassador.drainService(service);
                    }
                    return CompletableFuture.completedFuture(null);
                } catch (AmbassadorException | IllegalArgumentException e) {
                    return CompletableFuture.failedFuture(e);
                }
            }

            @Override
            public void drainEndpoint(String service, String endpoint, boolean undo) {
                if (undo) {
                    ambassador.undrainEndpoint(service, endpoint);
                } else {
                    ambassador.drainEndpoint(service, endpoint);
                }
            }

            @Override
            public void drain() {
                draining = true;
                ambassador.drain();
            }

            @Override
            public void shutdown() {
                shutdown.run();
            }
        };
    }

    /** Closes everything, the last opened first; may be called twice. */
    @Override
    public synchronized void close() {
        password.close();
        List<AutoCloseable> all = List.copyOf(opened);
        opened.clear();
        Closing.all(all);
    }
}
