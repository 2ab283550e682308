package io.ambassador.discovery.etcd;

import io.ambassador.discovery.support.http.HttpAnswer;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A watch for each of several paths, each from where that path is known. Each is a request of its own: etcd's HTTP server
 * may pass over what stands behind the first watch in a request, once it has begun to answer. On the control thread.
 */
final class EtcdStream {
    private final EtcdMember member;
    private final List<Prefix> prefixes;
    private final Control control;
    private final EtcdSession session;
    private final Map<Prefix, CompletableFuture<HttpAnswer>> watches = new HashMap<>();
    private int created;
    private boolean closed;

    EtcdStream(EtcdMember member, Collection<Prefix> prefixes, Control control, EtcdSession session) {
        this.member = member;
        this.prefixes = List.copyOf(prefixes);
        this.control = control;
        this.session = session;
    }

    void open() {
        if (prefixes.isEmpty()) {
            session.opened(this);
        }
        for (Prefix prefix : prefixes) {
            String request = EtcdJson.watch(prefix.from(), prefix.to(), prefix.revision() + 1);
            CompletableFuture<HttpAnswer> watch =
                    member.watch(request, reply -> control.run(() -> hear(prefix, reply)));
            watches.put(prefix, watch);
            watch.whenComplete((end, failure) -> control.run(() -> {
                if (!closed && watches.containsKey(prefix)) {
                    session.ended(this, failure == null ? end.summary() : String.valueOf(failure.getMessage()));
                }
            }));
        }
    }

    /** Whether these are the paths whose watches go on, or are about to. */
    boolean follows(Set<Prefix> wanted) {
        return watches.keySet().equals(wanted);
    }

    void close() {
        closed = true;
        watches.values().forEach(watch -> watch.cancel(false));
    }

    private void hear(Prefix prefix, WatchReply reply) {
        if (closed || !watches.containsKey(prefix)) {
            return;
        }
        if (reply.canceled()) {
            if (reply.id() == WatchReply.NONE && !reply.created()) {
                session.ended(this, reply.error());
                return;
            }
            CompletableFuture<HttpAnswer> watch = watches.remove(prefix);
            if (watch != null) {
                watch.cancel(false);
            }
            session.ended(prefix, reply);
        } else if (!reply.created()) {
            prefix.apply(reply.events(), reply.fragment());
        }
        if (reply.created() && ++created == prefixes.size()) {
            session.opened(this);
        }
    }
}
