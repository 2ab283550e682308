package io.ambassador.discovery.mdns;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.DiscoveryException;
import io.netty.channel.EventLoop;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one service on the network interfaces that are wanted, and puts together what they tell; looks every few seconds
 * whether interfaces have come or gone. On the event loop.
 */
final class MdnsFollower {
    /** @param lease of the link, given back with the browser */
    private record Followed(Shared<String, Link>.Lease lease, Browser browser) {}

    /** What was known on an interface that is not there, and until when that counts beside what others tell. */
    private record Gone(List<EndpointEntry> entries, long until) {}

    private static final Logger LOG = LoggerFactory.getLogger(MdnsFollower.class);
    private static final Shared<String, Link> LINKS = new Shared<>();
    private static final Duration LOOK_FROM = Duration.ofSeconds(2);
    private static final Duration LOOK_TO = Duration.ofSeconds(3);
    private static final Duration LOOK_FOR_MISSING_FROM = Duration.ofMillis(250);
    private static final Duration LOOK_FOR_MISSING_TO = Duration.ofMillis(500);

    private final LogLimiter limiter = new LogLimiter();
    private final MdnsConfig config;
    private final Consumer<Told> listener;
    private final EventLoop loop = RegistryLoop.acquire();
    private final Map<String, Followed> followed = new TreeMap<>();
    private final Map<String, Gone> gone = new TreeMap<>();
    private @Nullable Told told;
    private boolean closed;
    private @Nullable Future<?> timer;

    private MdnsFollower(MdnsConfig config, Consumer<Told> listener) {
        this.config = config;
        this.listener = listener;
    }

    /** @return ends it, on any thread */
    static Runnable start(MdnsConfig config, Consumer<Told> listener) {
        MdnsFollower follower = new MdnsFollower(config, listener);
        follower.loop.execute(follower::look);
        return follower::close;
    }

    private void close() {
        loop.execute(() -> {
            closed = true;
            if (timer != null) {
                timer.cancel(false);
            }
            List.copyOf(followed.keySet()).forEach(this::leave);
        });
        RegistryLoop.release(); // what was handed to the loop still runs
    }

    private void look() {
        if (closed) {
            return;
        }
        try {
            compare(there());
            changed();
        } catch (SocketException | RuntimeException e) {
            limiter.log(
                    "failed",
                    left -> LOG.error(
                            "{}: network interfaces cannot be followed; it is tried again{}",
                            config.name(),
                            LogLimiter.more(left),
                            e));
        }
        lookLater();
    }

    private void lookLater() {
        if (timer != null) {
            timer.cancel(false);
        }
        Duration delay = isAnyMissing()
                ? Jitter.between(LOOK_FOR_MISSING_FROM, LOOK_FOR_MISSING_TO)
                : Jitter.between(LOOK_FROM, LOOK_TO);
        timer = loop.schedule(this::look, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private boolean isAnyMissing() {
        Set<String> working = followed.values().stream()
                .filter(each -> !each.browser().hasFailed())
                .map(each -> each.lease().value().name())
                .collect(Collectors.toSet());
        return followed.isEmpty() || working.size() < followed.size() || !working.containsAll(gone.keySet());
    }

    /** All who share the link let go of it, so that the next try, which is not long in coming, opens it anew. */
    private void failed() {
        followed.values().stream()
                .filter(each -> each.browser().hasFailed())
                .forEach(each -> each.lease().close());
        changed();
        lookLater();
    }

    private void compare(Map<String, NetworkInterface> there) {
        for (String key : List.copyOf(followed.keySet())) {
            Followed each = followed.get(key);
            if (each != null && (!there.containsKey(key) || each.browser().hasFailed())) {
                leave(key);
            }
        }
        there.forEach(this::follow);
    }

    private void follow(String key, NetworkInterface on) {
        Followed before = followed.get(key);
        if (before != null) {
            before.lease().value().update(on);
            return;
        }
        Shared<String, Link>.Lease lease = LINKS.lease(key, () -> new Link(on));
        Browser browser = new Browser(config, lease.value(), loop, this::changed, this::failed);
        followed.put(key, new Followed(lease, browser));
        browser.start();
    }

    private void leave(String key) {
        Followed left = followed.remove(key);
        if (left != null) {
            left.browser().close();
            left.lease().close();
            gone.put(
                    left.lease().value().name(),
                    new Gone(
                            left.browser().entries(),
                            System.nanoTime() + config.maxTtl().toNanos()));
        }
    }

    private void changed() {
        if (closed) {
            return;
        }
        Told now = state();
        if (now != null && !isSame(now, told)) {
            told = now;
            listener.accept(now);
        }
    }

    private static boolean isSame(Told now, @Nullable Told before) {
        return now instanceof Told.Unreachable a && before instanceof Told.Unreachable b
                ? Objects.equals(a.cause().getMessage(), b.cause().getMessage())
                : now.equals(before);
    }

    /** {@code null} while it is too early to say. */
    private @Nullable Told state() {
        List<Browser> browsers =
                followed.values().stream().map(Followed::browser).toList();
        for (Followed each : followed.values()) {
            if (each.browser().isAnswered()) {
                gone.remove(each.lease().value().name());
            }
        }
        boolean answered = browsers.stream().anyMatch(Browser::isAnswered);
        if (answered) {
            Map<String, EndpointEntry> all = new LinkedHashMap<>();
            browsers.forEach(browser -> put(browser.entries(), all));
            gone.values().removeIf(each -> each.until() <= System.nanoTime());
            gone.values().forEach(each -> put(each.entries(), all));
            boolean early = all.isEmpty() && !browsers.stream().allMatch(Browser::isDecided);
            return early ? null : new Told.Entries(List.copyOf(all.values()));
        }
        if (!browsers.stream().allMatch(Browser::isDecided)) {
            return null;
        }
        String why = browsers.isEmpty()
                ? "there is no network interface "
                        + (config.interfaces().isEmpty() ? "to ask on" : String.join(", ", config.interfaces()))
                : String.join("; ", browsers.stream().map(Browser::silence).toList());
        return new Told.Unreachable(new DiscoveryException("mDNS: " + why));
    }

    /** One instance that is heard on two interfaces is one. */
    private static void put(List<EndpointEntry> entries, Map<String, EndpointEntry> all) {
        for (EndpointEntry each : entries) {
            all.putIfAbsent(
                    each.host() + " " + each.port() + " " + each.metadata().get("instance"), each);
        }
    }

    private Map<String, NetworkInterface> there() throws SocketException {
        Map<String, NetworkInterface> there = new TreeMap<>();
        for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            if (each.isUp() && !each.getInterfaceAddresses().isEmpty() && isWanted(each)) {
                there.put(Link.key(each), each);
            }
        }
        return there;
    }

    private boolean isWanted(NetworkInterface each) throws SocketException {
        return config.interfaces().isEmpty()
                ? each.supportsMulticast() && !each.isLoopback() && !each.isPointToPoint()
                : config.interfaces().contains(each.getName());
    }
}
