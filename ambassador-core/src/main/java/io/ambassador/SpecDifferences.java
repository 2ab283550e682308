package io.ambassador;

import io.ambassador.ChangePlan.Difference;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.LocalitySpec;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.ProxyProtocolSpec;
import io.ambassador.service.RotationSpec;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.SourceSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.Configured;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where two descriptions of a service differ, key by key, and what each difference means for connections. */
final class SpecDifferences {
    private static final String NEW_ONES = "new connections; open ones stay as they are";
    private static final String ENDPOINTS =
            "endpoints that stay keep their connections; on-change.removed decides about those of the others";
    private static final String PROBES = "probes; open connections stay";
    private static final String LATER = "what happens from now on";
    private static final String LOGINS =
            "new connections log in with it; credentials.on-rotation decides about open ones";

    private final ServiceSpec before;
    private final ServiceSpec after;
    private final List<Difference> found = new ArrayList<>();

    private SpecDifferences(ServiceSpec before, ServiceSpec after) {
        this.before = before;
        this.after = after;
    }

    /** In the order of the documentation. */
    static List<Difference> between(ServiceSpec before, ServiceSpec after) {
        SpecDifferences differences = new SpecDifferences(before, after);
        differences.find();
        return differences.found;
    }

    private void find() {
        compare("listen", ServiceSpec::listen, "addresses that stay are not closed; open connections stay");
        configured("protocol", spec -> spec.protocol(), NEW_ONES);
        hidden("discovery", ServiceSpec::discovery, SpecDifferences::sources, ENDPOINTS);
        compare("role", ServiceSpec::role, NEW_ONES);
        configured("balancing", spec -> spec.balancing(), NEW_ONES);
        credentials();
        hidden("client-credentials", ServiceSpec::clientCredentials, ServiceSpec::clientCredentials, NEW_ONES);
        tls();
        clientTls();
        health();
        compare("locality.zone", part(ServiceSpec::locality, LocalitySpec::zone), NEW_ONES);
        compare("locality.overprovisioning", part(ServiceSpec::locality, LocalitySpec::overprovisioning), NEW_ONES);
        compare("flap-damping", ServiceSpec::flapDamping, LATER);
        onChange();
        limits();
        allow();
        proxyProtocol();
        compare("relay", ServiceSpec::relay, NEW_ONES);
        compare("access-log", ServiceSpec::accessLog, NEW_ONES);
        compare("startup-deadline", ServiceSpec::startupDeadline, LATER);
    }

    /** The words of the sources; those that are merged are one. */
    private static List<String> sources(ServiceSpec spec) {
        return spec.discovery().stream()
                .map(group -> group.sources().stream().map(SourceSpec::type).collect(Collectors.joining("+")))
                .toList();
    }

    private void credentials() {
        hidden(
                "credentials",
                spec -> spec.credentials() == null
                        ? null
                        : List.of(
                                Objects.toString(spec.credentials().username(), ""),
                                spec.credentials().password(),
                                spec.credentials().insecure()),
                ServiceSpec::credentials,
                LOGINS);
        Function<ServiceSpec, @Nullable RotationSpec> rotation =
                spec -> spec.credentials() == null ? null : spec.credentials().rotation();
        if (before.credentials() != null && after.credentials() != null) {
            hidden("credentials.next", part(rotation, RotationSpec::next), typeOf(rotation, RotationSpec::next), LATER);
            compare("credentials.keep-previous", part(rotation, RotationSpec::keepPrevious), LATER);
            compare("credentials.rotation-wait", part(rotation, RotationSpec::maxWait), LATER);
            compare("credentials.on-rotation", part(rotation, RotationSpec::drainWithin), LATER);
        }
    }

    private void tls() {
        Function<ServiceSpec, @Nullable TlsSpec> tls = ServiceSpec::tls;
        compare("tls.enabled", spec -> spec.tls() != null, NEW_ONES);
        if (before.tls() != null && after.tls() != null) {
            compare("tls.server-name", part(tls, TlsSpec::serverName), NEW_ONES);
            compare("tls.ca", part(tls, TlsSpec::ca), NEW_ONES);
            compare("tls.certificate", part(tls, TlsSpec::certificate), NEW_ONES);
            compare("tls.key", part(tls, TlsSpec::key), NEW_ONES);
        }
    }

    private void clientTls() {
        Function<ServiceSpec, @Nullable ClientTlsSpec> tls = ServiceSpec::clientTls;
        if ((before.clientTls() == null) != (after.clientTls() == null)) {
            compare("client-tls", spec -> spec.clientTls() != null, NEW_ONES);
            return;
        }
        compare("client-tls.certificate", part(tls, ClientTlsSpec::certificate), NEW_ONES);
        compare("client-tls.key", part(tls, ClientTlsSpec::key), NEW_ONES);
        compare("client-tls.client-ca", part(tls, ClientTlsSpec::clientCa), NEW_ONES);
        compare("client-tls.mode", part(tls, ClientTlsSpec::mode), NEW_ONES);
    }

    private void health() {
        Function<ServiceSpec, @Nullable HealthSpec> health = ServiceSpec::health;
        hidden("health.probe", part(health, HealthSpec::probe), typeOf(health, HealthSpec::probe), PROBES);
        compare("health.interval", part(health, HealthSpec::interval), PROBES);
        compare("health.timeout", part(health, HealthSpec::timeout), PROBES);
        compare("health.unhealthy-after", part(health, HealthSpec::unhealthyAfter), PROBES);
        compare("health.healthy-after", part(health, HealthSpec::healthyAfter), PROBES);
        compare("health.panic-threshold", part(health, HealthSpec::panicThreshold), NEW_ONES);
        compare("health.slow-start", part(health, HealthSpec::slowStart), NEW_ONES);
        compare("health.outlier", part(health, HealthSpec::outlier), "ejected endpoints are back, and counted anew");
    }

    private void onChange() {
        Function<ServiceSpec, @Nullable OnChangeSpec> onChange = ServiceSpec::onChange;
        compare("on-change.removed", part(onChange, OnChangeSpec::removed), LATER);
        compare("on-change.demoted", part(onChange, OnChangeSpec::demoted), LATER);
        compare("on-change.unhealthy", part(onChange, OnChangeSpec::unhealthy), LATER);
        compare("on-change.drain-timeout", part(onChange, OnChangeSpec::drainTimeout), LATER);
    }

    private void limits() {
        Function<ServiceSpec, @Nullable LimitsSpec> limits = ServiceSpec::limits;
        compare("limits.max-connections", part(limits, LimitsSpec::maxConnections), NEW_ONES);
        compare("limits.connect-attempts", part(limits, LimitsSpec::connectAttempts), NEW_ONES);
        compare("limits.connect-timeout", part(limits, LimitsSpec::connectTimeout), NEW_ONES);
        compare("limits.login-timeout", part(limits, LimitsSpec::loginTimeout), NEW_ONES);
        compare("limits.greeting-timeout", part(limits, LimitsSpec::greetingTimeout), NEW_ONES);
        compare("limits.idle-timeout", part(limits, LimitsSpec::idleTimeout), NEW_ONES);
        compare("limits.rate", part(limits, LimitsSpec::rate), NEW_ONES);
        compare("limits.retry-budget", part(limits, LimitsSpec::retryBudget), NEW_ONES);
        compare("limits.user-timeout", part(limits, LimitsSpec::userTimeout), NEW_ONES);
        compare("limits.prewarm", part(limits, LimitsSpec::prewarm), NEW_ONES);
        compare("limits.prewarm-age", part(limits, LimitsSpec::prewarmAge), NEW_ONES);
    }

    private void allow() {
        Function<ServiceSpec, @Nullable AllowSpec> allow = ServiceSpec::allow;
        compare("allow.sources", part(allow, AllowSpec::sources), NEW_ONES);
        compare("allow.uids", part(allow, AllowSpec::uids), NEW_ONES);
        compare("allow.endpoints", part(allow, AllowSpec::endpoints), ENDPOINTS);
    }

    private void proxyProtocol() {
        Function<ServiceSpec, @Nullable ProxyProtocolSpec> proxy = ServiceSpec::proxyProtocol;
        compare("proxy-protocol.accept-from", part(proxy, ProxyProtocolSpec::acceptFrom), NEW_ONES);
        compare("proxy-protocol.send", part(proxy, ProxyProtocolSpec::send), NEW_ONES);
    }

    /** A provider's own settings may hold what is not to be shown: its word stands for it. */
    private void configured(String key, Function<ServiceSpec, Configured<?>> value, String effect) {
        hidden(key, value, spec -> value.apply(spec).type(), effect);
    }

    private void compare(String key, Function<ServiceSpec, @Nullable ?> value, String effect) {
        hidden(key, value, value, effect);
    }

    /** @param shown what may be told of the value */
    private void hidden(
            String key,
            Function<ServiceSpec, @Nullable ?> value,
            Function<ServiceSpec, @Nullable ?> shown,
            String effect) {
        if (!Objects.equals(value.apply(before), value.apply(after))) {
            String from = text(shown.apply(before));
            String to = text(shown.apply(after));
            boolean same = from.equals(to);
            found.add(new Difference(key, same ? "" : from, same ? "" : to, effect));
        }
    }

    private static <B> Function<ServiceSpec, @Nullable Object> part(
            Function<ServiceSpec, @Nullable B> block, Function<B, @Nullable ?> value) {
        return spec -> {
            B present = block.apply(spec);
            return present == null ? null : value.apply(present);
        };
    }

    private static <B> Function<ServiceSpec, @Nullable Object> typeOf(
            Function<ServiceSpec, @Nullable B> block, Function<B, @Nullable Configured<?>> value) {
        return spec -> {
            B present = block.apply(spec);
            Configured<?> configured = present == null ? null : value.apply(present);
            return configured == null ? null : configured.type();
        };
    }

    private static String text(@Nullable Object value) {
        if (value == null) {
            return "off";
        }
        if (value instanceof Duration duration) {
            return duration.toMillis() % 1_000 == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
        }
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        if (value instanceof LimitsSpec.Rate rate) {
            return rate.permits() + "/" + text(rate.period());
        }
        return value.toString();
    }
}
