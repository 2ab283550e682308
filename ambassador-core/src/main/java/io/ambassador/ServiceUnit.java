package io.ambassador;

import io.ambassador.health.HealthMonitor;
import io.ambassador.listener.Entrance;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.EndpointPool;
import io.ambassador.service.Service;
import io.ambassador.service.ServiceEnvironment;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.transport.ListenerTls;
import io.ambassador.transport.TlsContexts;
import io.ambassador.transport.Transport;
import io.ambassador.upstream.Connector;
import io.ambassador.upstream.EndpointProber;
import io.ambassador.upstream.Gateway;
import io.ambassador.upstream.WarmPool;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A service with all that belongs to one description of it. It is made at rest, perhaps out of parts of the one whose
 * place it will take, and thrown away again if the change does not come about.
 */
final class ServiceUnit {
    private static final Duration CERTIFICATE_INTERVAL = Duration.ofSeconds(2);

    private final ServiceSpec spec;
    private final Service service;
    private final Connector connector;
    private final @Nullable TlsContexts tls;
    private final @Nullable ListenerTls clientTls;
    private final @Nullable WarmPool warm;
    private final EndpointPool.Observer monitor;
    private final Entrance entrance;
    private @Nullable ServiceUnit old;

    private ServiceUnit(
            ServiceSpec spec,
            Service service,
            @Nullable TlsContexts tls,
            @Nullable ListenerTls clientTls,
            Transport transport,
            ServiceEnvironment environment,
            @Nullable ServiceUnit old) {
        this.spec = spec;
        this.service = service;
        this.tls = tls;
        this.clientTls = clientTls;
        this.old = old;
        this.connector = new Connector(transport, spec, tls, service.protocol().negotiatesTls());
        this.warm = spec.limits().prewarm() == 0
                ? null
                : new WarmPool(service, connector, transport.loops(), environment.registry());
        this.entrance = Entrance.to(new Gateway(service, connector, clientTls, warm));
        Configured<ProbeProvider<?>> probe = spec.health().probe();
        this.monitor = probe == null
                ? EndpointPool.Observer.NONE
                : new HealthMonitor(
                        service.pool(),
                        new EndpointProber(service, connector, transport, probe),
                        spec.health().interval(),
                        environment.control());
    }

    /**
     * Makes one that {@link #begin} sets to work. Nothing of {@code old} changes before.
     *
     * @throws ConfigurationException if it cannot be made of {@code spec}; nothing is left over
     */
    static ServiceUnit make(
            ServiceSpec spec, @Nullable ServiceUnit old, Transport transport, ServiceEnvironment environment)
            throws ConfigurationException {
        Service service;
        try {
            service = old == null ? new Service(spec, environment) : old.service.successor(spec);
        } catch (RuntimeException | LinkageError e) { // a provider's, as for a library that is not there
            throw new ConfigurationException("services." + spec.name() + ": cannot be set up: " + describe(e));
        }
        TlsContexts tls = null;
        ListenerTls clientTls = null;
        boolean made = false;
        try {
            tls = tls(spec, old, environment);
            clientTls = clientTls(spec, service, old, environment);
            ServiceUnit unit = new ServiceUnit(spec, service, tls, clientTls, transport, environment, old);
            made = true;
            return unit;
        } finally {
            if (!made) {
                service.abandon();
                if (tls != null && (old == null || tls != old.tls)) {
                    tls.close();
                }
                if (clientTls != null && (old == null || clientTls != old.clientTls)) {
                    clientTls.close();
                }
            }
        }
    }

    private static @Nullable TlsContexts tls(
            ServiceSpec spec, @Nullable ServiceUnit old, ServiceEnvironment environment) throws ConfigurationException {
        TlsSpec tls = spec.tls();
        if (tls == null) {
            return null;
        }
        if (old != null && !old.service.hasEnded() && tls.equals(old.spec.tls())) {
            return old.tls;
        }
        return TlsContexts.load(
                "services." + spec.name() + ".tls",
                tls.serverName(),
                tls.ca(),
                tls.certificate(),
                tls.key(),
                CERTIFICATE_INTERVAL,
                environment.worker());
    }

    private static @Nullable ListenerTls clientTls(
            ServiceSpec spec, Service service, @Nullable ServiceUnit old, ServiceEnvironment environment)
            throws ConfigurationException {
        ClientTlsSpec tls = spec.clientTls();
        if (tls == null) {
            return null;
        }
        if (old != null
                && !old.service.hasEnded()
                && tls.equals(old.spec.clientTls())
                && spec.protocol().equals(old.spec.protocol())) {
            return old.clientTls;
        }
        return ListenerTls.load(
                "services." + spec.name() + ".client-tls",
                tls.certificate(),
                tls.key(),
                tls.clientCa(),
                service.protocol().applicationProtocols(),
                CERTIFICATE_INTERVAL,
                environment.worker());
    }

    ServiceSpec spec() {
        return spec;
    }

    Service service() {
        return service;
    }

    Connector connector() {
        return connector;
    }

    Entrance entrance() {
        return entrance;
    }

    /** Takes over. Control thread; {@link #end} of the one before follows. */
    void begin() {
        service.begin(old == null ? null : old.service);
        service.pool().observe(monitor);
        WarmPool warmBefore = old == null ? null : old.warm;
        if (warmBefore != null) {
            warmBefore.close();
        }
        if (warm != null) {
            warm.start(warmBefore);
        }
        old = null;
    }

    /**
     * Stops everything but connections that are open.
     *
     * @param by in whose hands they are now; {@code null} for nobody's
     */
    void end(@Nullable ServiceUnit by) {
        service.end(by == null ? null : by.service);
        if (by == null) {
            service.pool().observe(EndpointPool.Observer.NONE);
            closeWarm();
        }
        if (tls != null && (by == null || by.tls != tls)) {
            tls.close();
        }
        if (clientTls != null && (by == null || by.clientTls != clientTls)) {
            clientTls.close();
        }
    }

    /** Makes no more connections beforehand, and closes those that wait. */
    void closeWarm() {
        if (warm != null) {
            warm.close();
        }
    }

    /** Lets go of what was made for it: it will never begin. */
    void abandon() {
        service.abandon();
        if (tls != null && (old == null || old.tls != tls)) {
            tls.close();
        }
        if (clientTls != null && (old == null || old.clientTls != clientTls)) {
            clientTls.close();
        }
    }

    private static String describe(Throwable e) {
        return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
    }
}
