package io.ambassador;

import static io.ambassador.AmbassadorTest.known;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.HealthSpec;
import io.ambassador.service.Role;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An ambassador is ready when its clients can be served, or have waited long enough. */
class ReadinessTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    /** Says what a test has it say. */
    private static final class Told implements EndpointSource {
        private @Nullable Listener listener;

        @Override
        public Watch watch(Listener given) {
            listener = given;
            return () -> {};
        }

        void say(EndpointState state) {
            await().until(() -> listener != null);
            listener.onState(state);
        }
    }

    private static ServiceSpec service(String name, EndpointSource source, @Nullable Duration deadline)
            throws Exception {
        return Ambassador.describe(
                name,
                s -> s.listen("127.0.0.1", 0)
                        .health(HealthSpec.DEFAULT.withProbe(null))
                        .discover(source)
                        .startupDeadline(deadline));
    }

    private static boolean isReady(Ambassador ambassador, int service) {
        return ambassador.services().get(service).ready();
    }

    @Test
    void waitsForTheFirstEndpointsOfEveryServiceAndStaysReady() throws Exception {
        Told one = new Told();
        Told other = new Told();
        try (Ambassador ambassador = Ambassador.builder()
                .service(service("one", one, LONG))
                .service(service("other", other, LONG))
                .absentHold(Duration.ofMillis(100))
                .start()) {
            assertFalse(ambassador.isReady());
            one.say(new EndpointState.Known(Set.of()));
            one.say(new EndpointState.Unreachable(new DiscoveryException("no answer")));
            other.say(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", 1))));
            await().until(() -> isReady(ambassador, 1));
            assertFalse(isReady(ambassador, 0), "an answer without endpoints is none");
            assertFalse(ambassador.isReady());

            one.say(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", 2))));
            await().until(ambassador::isReady);

            one.say(new EndpointState.Known(Set.of()));
            await().until(() -> ambassador.services().get(0).endpoints().isEmpty());
            assertTrue(ambassador.isReady(), "what becomes of its endpoints is not its fault");
        }
    }

    @Test
    void anEndpointWithoutTheWantedRoleIsNone() throws Exception {
        Told source = new Told();
        try (Ambassador ambassador = Ambassador.builder()
                .service(
                        "primary",
                        s -> s.listen("127.0.0.1", 0)
                                .role(Role.PRIMARY)
                                .health(HealthSpec.DEFAULT.withProbe(null))
                                .discover(source)
                                .startupDeadline(LONG))
                .start()) {
            source.say(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", 1))));

            await().until(() -> ambassador.services().get(0).endpoints().size() == 1);
            assertFalse(ambassador.isReady());
        }
    }

    @Test
    void doesNotWaitLongerThanTheDeadlineOfEach() throws Exception {
        try (Ambassador ambassador = Ambassador.builder()
                .service(service("patient", new Told(), null))
                .service(service("hasty", new Told(), Duration.ofMillis(100)))
                .start()) {
            await().until(() -> isReady(ambassador, 1));
            assertFalse(isReady(ambassador, 0));
            assertFalse(ambassador.isReady());
        }
        try (Ambassador ambassador = Ambassador.builder()
                .service(service("hasty", new Told(), Duration.ofMillis(100)))
                .start()) {
            await().until(ambassador::isReady);
        }
    }

    @Test
    void aServiceThatAChangeAddsTakesNothingAway() throws Exception {
        ServiceSpec first = service("first", known(1), LONG);
        try (Ambassador ambassador = Ambassador.builder().service(first).start()) {
            await().until(ambassador::isReady);
            List<ServiceSpec> more = new ArrayList<>(List.of(first));
            more.add(service("second", new Told(), LONG));

            ambassador.apply(more);

            assertFalse(isReady(ambassador, 1));
            assertTrue(ambassador.isReady());
        }
    }
}
