package io.ambassador.explain;

import io.ambassador.explain.ConnectionRecord.Login;
import io.ambassador.spi.discovery.Endpoint;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Notes what happens to one client's connection while it happens. On the connection's event loop. */
public final class Trail {
    private final int number = ThreadLocalRandom.current().nextInt();
    private final long startedAt = System.currentTimeMillis();
    private final long[] nanos = new long[Phase.values().length];
    private String service;
    private String route = "";
    private SocketAddress client;
    private Phase phase = Phase.ACCEPT;
    private long since = System.nanoTime();
    private int candidates;
    private List<Attempt> failures = List.of();
    private @Nullable Endpoint served;
    private long servedNanos;
    private @Nullable Login login;

    /** @param service the listener's */
    public Trail(String service, SocketAddress client) {
        this.service = service;
        this.client = client;
    }

    /** Eight hexadecimal digits. */
    public String id() {
        return HexFormat.of().toHexDigits(number);
    }

    /** The client is another than it seemed: a PROXY header said so. */
    public void client(SocketAddress source) {
        client = source;
    }

    public void routed(String chosen, String reason) {
        service = chosen;
        route = reason;
    }

    public void enter(Phase next) {
        long now = System.nanoTime();
        nanos[phase.ordinal()] += now - since;
        since = now;
        phase = next;
    }

    /** How many there were to choose among. */
    public void candidates(int many) {
        candidates = many;
    }

    /** @param failure {@code null} for success */
    public void attempted(Endpoint endpoint, @Nullable EndReason failure, String detail, long tookNanos) {
        if (failure == null) {
            served = endpoint;
            servedNanos = tookNanos;
        } else {
            failures = with(failures, new Attempt(endpoint, failure, detail, Duration.ofNanos(tookNanos)));
        }
    }

    private List<Attempt> attempts() {
        return served == null ? failures : with(failures, new Attempt(served, null, "", Duration.ofNanos(servedNanos)));
    }

    private static List<Attempt> with(List<Attempt> attempts, Attempt last) {
        if (attempts.isEmpty()) {
            return List.of(last);
        }
        List<Attempt> longer = new ArrayList<>(attempts);
        longer.add(last);
        return List.copyOf(longer);
    }

    public void loggedIn(@Nullable String username, long secretVersion, boolean prewarmed) {
        login = new Login(username, secretVersion, prewarmed);
    }

    /** To be called once, as the last one. */
    public ConnectionRecord end(EndReason reason, String detail, long bytesToBackend, long bytesToClient) {
        Phase reached = phase;
        enter(reached);
        return new ConnectionRecord(
                id(),
                Instant.ofEpochMilli(startedAt),
                service,
                route,
                client,
                candidates,
                attempts(),
                login,
                bytesToBackend,
                bytesToClient,
                new PhaseTimes(nanos),
                reason,
                reason.phase(reached),
                detail);
    }
}
