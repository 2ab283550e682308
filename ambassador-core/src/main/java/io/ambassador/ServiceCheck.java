package io.ambassador;

import io.ambassador.ServiceReport.EndpointReport;
import io.ambassador.explain.EndReason;
import io.ambassador.service.Catalog;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.SourceStatus;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.upstream.EndpointTrial;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Tries a service out: finds its endpoints, connects to each and logs in. Binds nothing, and takes no client. Once an
 * endpoint has refused the credentials no other is shown them, since each refusal brings an account nearer to its
 * lock-out.
 */
final class ServiceCheck {
    private static final long POLL_MILLIS = 20;

    private final ServiceSpec spec;
    private final Duration patience;

    private ServiceCheck(ServiceSpec spec, Duration patience) {
        this.spec = spec;
        this.patience = patience;
    }

    /** @param patience with discovery; connections have the service's own limits */
    static ServiceReport run(ServiceSpec spec, Duration patience) throws InterruptedException {
        Engine engine = new Engine(1, new CompositeMeterRegistry(), null, Duration.ZERO);
        try {
            engine.start(List.of(spec.withoutTraffic()));
            return new ServiceCheck(spec, patience).check(engine);
        } catch (AmbassadorException e) {
            return report(List.of(), Duration.ZERO, String.valueOf(e.getMessage()), List.of(), 0, spec);
        } finally {
            engine.release();
        }
    }

    private ServiceReport check(Engine engine) throws InterruptedException, ConfigurationException {
        long began = System.nanoTime();
        ServiceStatus status = resolved(engine);
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        List<EndpointReport> reports = new ArrayList<>();
        boolean logIn = spec.credentials() != null;
        for (ServiceStatus.EndpointStatus found : status.endpoints()) {
            if (reports.size() == ServiceReport.MOST_ENDPOINTS) {
                break;
            }
            EndpointReport report = tryOut(engine, found.endpoint(), logIn);
            logIn &= report.failure() != EndReason.LOGIN_REFUSED;
            reports.add(report);
        }
        return report(
                status.sources(),
                took,
                problem(engine.absence(spec.name()), reports),
                reports,
                status.endpoints().size() - reports.size(),
                spec);
    }

    /** Once there are endpoints, or every source has answered, or there was time enough. */
    private ServiceStatus resolved(Engine engine) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            ServiceStatus status = engine.status().get(0);
            boolean settled = !status.endpoints().isEmpty()
                    || status.sources().stream()
                            .noneMatch(source -> source.state().equals("waiting"));
            if (settled || System.nanoTime() - deadline >= 0) {
                return status;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private EndpointReport tryOut(Engine engine, Endpoint endpoint, boolean logIn)
            throws InterruptedException, ConfigurationException {
        Duration limit = spec.limits()
                .connectTimeout()
                .plus(spec.limits().loginTimeout())
                .plusSeconds(5);
        try {
            EndpointTrial.Result result =
                    engine.tryOut(spec.name(), probe(), endpoint, logIn).get(limit.toMillis(), TimeUnit.MILLISECONDS);
            boolean spared = spec.credentials() != null && !logIn && result.failure() == null;
            return new EndpointReport(
                    endpoint,
                    result.role(),
                    result.loggedIn(),
                    result.took(),
                    spared ? EndReason.LOGIN_REFUSED : result.failure(),
                    spared
                            ? "it takes connections; not logged in, since the credentials were refused before"
                            : result.detail());
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("A trial did not end.", e);
        }
    }

    /** The service's own if it is its protocol's, with its settings; else the protocol's. */
    private Configured<ProbeProvider<?>> probe() throws ConfigurationException {
        Configured<ProbeProvider<?>> own = spec.health().probe();
        return own != null && own.type().equals(spec.protocol().type())
                ? own
                : Catalog.load().defaultProbe(spec.protocol().type());
    }

    private @Nullable String problem(String absence, List<EndpointReport> reports) {
        if (reports.isEmpty()) {
            return "no endpoint was found: " + absence;
        }
        ServerRole wanted = switch (spec.role()) {
            case PRIMARY -> ServerRole.PRIMARY;
            case REPLICA -> ServerRole.REPLICA;
            default -> null;
        };
        boolean allAnswered = reports.stream().allMatch(report -> report.failure() == null);
        return allAnswered && wanted != null && reports.stream().noneMatch(report -> report.role() == wanted)
                ? "none of " + reports.size() + " endpoints has the role "
                        + wanted.name().toLowerCase(Locale.ROOT)
                : null;
    }

    private static ServiceReport report(
            List<SourceStatus> sources,
            Duration resolved,
            @Nullable String problem,
            List<EndpointReport> endpoints,
            int unchecked,
            ServiceSpec spec) {
        return new ServiceReport(spec.name(), spec.protocol().type(), sources, resolved, problem, endpoints, unchecked);
    }
}
