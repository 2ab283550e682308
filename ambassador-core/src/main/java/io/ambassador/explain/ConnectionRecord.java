package io.ambassador.explain;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.util.NetUtil;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one client's connection went, and why it ended; free of secrets.
 *
 * @param id also in what a refused client was told, and in the log
 * @param service the one it was for; for a client that was turned away before that was known, the listener's
 * @param route the router's reason; empty if it was not asked
 * @param client after PROXY protocol
 * @param candidates whom the last pick chose among; 0 if there was none
 * @param attempts in their order; a client that was served was served by the last one
 * @param login {@code null} if we did not log in
 * @param bytesToBackend relayed
 * @param bytesToClient relayed
 * @param phase in which it ended
 * @param detail what went wrong, for people; may name addresses, holds no secret; empty if nothing did
 */
public record ConnectionRecord(
        String id,
        Instant startedAt,
        String service,
        String route,
        SocketAddress client,
        int candidates,
        List<Attempt> attempts,
        @Nullable Login login,
        long bytesToBackend,
        long bytesToClient,
        PhaseTimes times,
        EndReason reason,
        Phase phase,
        String detail) {
    /**
     * @param username {@code null} where a password alone logs in
     * @param secretVersion counts the different secrets seen, from 1
     * @param prewarmed whether it was done before the client came
     */
    public record Login(@Nullable String username, long secretVersion, boolean prewarmed) {}

    /** Three letters: who ended it, in which phase, and why; {@code ---} for one that ended as it should. */
    public String code() {
        return reason.code(phase);
    }

    /** To the millisecond, as {@code startedAt}. */
    public Instant endedAt() {
        return startedAt.plus(times.total());
    }

    /** The one that served the client; {@code null} if none did. */
    public @Nullable Endpoint endpoint() {
        Attempt last = attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
        return last == null || last.failure() != null ? null : last.endpoint();
    }

    /** Where the client came from: {@code host:port}, or {@code unix:path}. */
    public String clientAddress() {
        return client instanceof InetSocketAddress inet ? NetUtil.toSocketAddressString(inet) : "unix:" + client;
    }

    /**
     * All that is known, in the order and by the names that the access log and the API have, but for the reason, and for
     * the attempts, of which there is the number. What did not happen is left out.
     *
     * @return texts, numbers and booleans
     */
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>(32);
        fields.put("id", id);
        fields.put("service", service);
        fields.put("client", clientAddress());
        Endpoint served = endpoint();
        if (served != null) {
            fields.put("endpoint", served.address());
        }
        if (!route.isEmpty()) {
            fields.put("route", route);
        }
        fields.put("candidates", candidates);
        fields.put("attempts", attempts.size());
        if (login != null) {
            if (login.username() != null) {
                fields.put("username", login.username());
            }
            fields.put("secretVersion", login.secretVersion());
            fields.put("prewarmed", login.prewarmed());
        }
        fields.put("bytesToBackend", bytesToBackend);
        fields.put("bytesToClient", bytesToClient);
        for (Phase each : Phase.ALL) {
            long nanos = times.nanos(each);
            if (nanos > 0) {
                fields.put(each.field(), millis(nanos));
            }
        }
        fields.put("totalMillis", millis(times.totalNanos()));
        fields.put("phase", phase.word());
        fields.put("code", code());
        if (!detail.isEmpty()) {
            fields.put("detail", detail);
        }
        return fields;
    }

    /** With three decimals: microseconds. */
    private static BigDecimal millis(long nanos) {
        return BigDecimal.valueOf(nanos / 1_000, 3);
    }
}
