package io.ambassador.discovery.etcd;

import io.ambassador.discovery.support.http.HttpAnswer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One stream with a watch for each of several paths, each from where that path is known. On the control thread. */
final class EtcdStream {
    private final EtcdMember member;
    private final List<Prefix> prefixes;
    private final Control control;
    private final EtcdSession session;
    private final Set<Prefix> followed;
    private final Map<Long, Prefix> byId = new HashMap<>();
    private int created;
    private @Nullable CompletableFuture<HttpAnswer> answer;
    private boolean closed;

    EtcdStream(EtcdMember member, Collection<Prefix> prefixes, Control control, EtcdSession session) {
        this.member = member;
        this.prefixes = List.copyOf(prefixes);
        this.followed = new HashSet<>(prefixes);
        this.control = control;
        this.session = session;
    }

    void open() {
        if (prefixes.isEmpty()) {
            session.opened(this);
            return;
        }
        List<String> requests = new ArrayList<>();
        for (Prefix prefix : prefixes) {
            requests.add(EtcdJson.watch(prefix.from(), prefix.to(), prefix.revision() + 1));
        }
        CompletableFuture<HttpAnswer> stream = member.watch(requests, reply -> control.run(() -> hear(reply)));
        answer = stream;
        stream.whenComplete((end, failure) -> control.run(() -> {
            if (!closed) {
                String why = failure == null ? end.summary() : String.valueOf(failure.getMessage());
                session.ended(this, why);
            }
        }));
    }

    /** Whether these are the paths whose watches go on, or are about to. */
    boolean follows(Set<Prefix> wanted) {
        return followed.equals(wanted);
    }

    void close() {
        closed = true;
        if (answer != null) {
            answer.cancel(false);
        }
    }

    private void end(Prefix prefix, WatchReply why) {
        followed.remove(prefix);
        session.ended(prefix, why);
    }

    private void hear(WatchReply reply) {
        if (closed) {
            return;
        }
        if (reply.created()) {
            if (created == prefixes.size()) {
                session.ended(this, "more watches were opened than were asked for");
                return;
            }
            Prefix prefix = prefixes.get(created++);
            if (reply.canceled()) {
                end(prefix, reply);
            } else {
                byId.put(reply.id(), prefix);
            }
            if (created == prefixes.size()) {
                session.opened(this);
            }
            return;
        }
        Prefix prefix = byId.get(reply.id());
        if (reply.canceled()) {
            if (prefix == null) {
                session.ended(this, reply.error());
            } else {
                byId.remove(reply.id());
                end(prefix, reply);
            }
        } else if (prefix != null) {
            prefix.apply(reply.events(), reply.fragment());
        }
    }
}
