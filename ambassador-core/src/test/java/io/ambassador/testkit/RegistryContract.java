package io.ambassador.testkit;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.registry.Registry;
import io.ambassador.spi.registry.Registry.Registration;
import io.ambassador.spi.registry.ServiceInstance;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every registry promises: what is registered can be found by the matching source for as long as it is
 * registered, and no longer. A subclass runs the registry's server, empty before each test.
 */
public abstract class RegistryContract {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    /** A new registry at the running server, as a process of its own would have. */
    protected abstract Registry open();

    /** The source that finds what is registered as {@code service}. */
    protected abstract EndpointSource source(String service);

    /** After this the server answers nobody. */
    protected abstract void stopServer();

    /** Brings the server back, with or without what it knew. */
    protected abstract void startServer();

    /** As if the process of {@code registry} had been killed: it renews nothing more, and withdraws nothing. */
    protected abstract void abandon(Registry registry);

    /** How long the server keeps an instance that nobody renews. */
    protected abstract Duration timeToLive();

    @Test
    void whatIsRegisteredIsFound() throws Exception {
        try (Registry registry = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            registry.register(instance("a", "redis", 1))
                    .published()
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            registry.register(instance("b", "redis", 2));

            awaitFound(redis, 1, 2);
        }
    }

    /** A name that begins like another is not the other. */
    @Test
    void servicesDoNotMix() {
        try (Registry registry = open();
                RecordingListener redis = RecordingListener.watch(source("redis"));
                RecordingListener sibling = RecordingListener.watch(source("redis-2"))) {
            registry.register(instance("a", "redis", 1));
            registry.register(instance("a", "redis-2", 2));

            awaitFound(redis, 1);
            awaitFound(sibling, 2);
        }
    }

    @Test
    void closingARegistrationWithdrawsItAlone() {
        try (Registry registry = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            Registration first = registry.register(instance("a", "redis", 1));
            registry.register(instance("b", "redis", 2));
            awaitFound(redis, 1, 2);

            first.close();
            first.close();

            awaitFound(redis, 2);
        }
    }

    @Test
    void closingARegistryWithdrawsAllOfItsOwn() {
        Registry one = open();
        try (Registry other = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            one.register(instance("a", "redis", 1));
            one.register(instance("b", "redis", 2));
            other.register(instance("c", "redis", 3));
            awaitFound(redis, 1, 2, 3);

            one.close();
            one.close();

            awaitFound(redis, 3);
        }
    }

    @Test
    void staysThroughSeveralLeases() throws Exception {
        try (Registry registry = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            registry.register(instance("a", "redis", 1));
            awaitFound(redis, 1);

            await().atMost(timeToLive().multipliedBy(3).plus(PATIENCE))
                    .during(timeToLive().multipliedBy(3))
                    .until(() -> redis.addresses().equals(addresses(1)));
        }
    }

    @Test
    void comesBackAfterTheServerWasAway() {
        try (Registry registry = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            registry.register(instance("a", "redis", 1));
            awaitFound(redis, 1);

            stopServer();
            startServer();

            try (RecordingListener fresh = RecordingListener.watch(source("redis"))) {
                awaitFound(fresh, 1);
            }
        }
    }

    @Test
    void registersWithoutBlockingWhileTheServerIsAway() {
        stopServer();
        try (Registry registry = open()) {
            long began = System.nanoTime();
            Registration registration = registry.register(instance("a", "redis", 1));
            assertTrue(System.nanoTime() - began < AT_ONCE.toNanos(), "register() does not wait");

            startServer();

            await().atMost(PATIENCE)
                    .until(() -> registration.published().toCompletableFuture().isDone());
            try (RecordingListener redis = RecordingListener.watch(source("redis"))) {
                awaitFound(redis, 1);
            }
        }
    }

    @Test
    void whatNobodyRenewsDisappears() {
        Registry dying = open();
        try (Registry living = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            dying.register(instance("a", "redis", 1));
            living.register(instance("b", "redis", 2));
            awaitFound(redis, 1, 2);

            abandon(dying);

            await().atMost(timeToLive().plus(PATIENCE))
                    .untilAsserted(() -> assertEquals(addresses(2), redis.addresses()));
        }
    }

    /** An instance that died and came back elsewhere is one instance, not two, also before its first lease ends. */
    @Test
    void oneIdIsOneInstance() {
        Registry dying = open();
        try (Registry restarted = open();
                RecordingListener redis = RecordingListener.watch(source("redis"))) {
            dying.register(instance("a", "redis", 1));
            awaitFound(redis, 1);
            abandon(dying);

            restarted.register(instance("a", "redis", 2));

            awaitFound(redis, 2);
            await().atMost(timeToLive().multipliedBy(2).plus(PATIENCE))
                    .during(timeToLive().multipliedBy(2))
                    .until(() -> redis.addresses().equals(addresses(2)));
        }
    }

    private static void awaitFound(RecordingListener listener, int... ports) {
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(addresses(ports), listener.addresses()));
    }

    private static Set<String> addresses(int... ports) {
        Set<String> addresses = new TreeSet<>();
        for (int port : ports) {
            addresses.add("10.0.0.7:" + port);
        }
        return addresses;
    }

    private static ServiceInstance instance(String id, String service, int port) {
        return new ServiceInstance(id, service, Endpoint.of("10.0.0.7", port), Set.of());
    }
}
