package io.ambassador.discovery.zookeeper;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.registry.LeftOut;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one path: reads its children, and of each the data, and again what a watch says has changed. Besides, the
 * children are listed again from time to time. On the registry loop, but for {@link #start} and {@link #close}.
 */
final class TreeWatch implements Ensemble.Member {
    private static final Logger LOG = LoggerFactory.getLogger(TreeWatch.class);
    private static final Duration LIST_AGAIN = Duration.ofSeconds(30);

    private final String path;
    private final Shared<?, Ensemble>.Lease lease;
    private final Ensemble ensemble;
    private final Consumer<Told> listener;
    private final LeftOut leftOut;
    private final Map<String, Node> nodes = new TreeMap<>(); // by name; of the current session
    private @Nullable Node own; // the path's own data, which counts while there are no children
    private @Nullable Session session;
    private int pending; // answers about data that are still to come
    private @Nullable Future<?> timer;
    private volatile boolean closed;

    private TreeWatch(ZooKeeperConfig config, Shared<?, Ensemble>.Lease lease, Consumer<Told> listener) {
        this.path = config.path();
        this.lease = lease;
        this.ensemble = lease.value();
        this.listener = listener;
        this.leftOut = new LeftOut(config.name());
    }

    /** @return ends it, on any thread */
    static Runnable start(ZooKeeperConfig config, ScheduledExecutorService scheduler, Consumer<Told> listener) {
        TreeWatch watch = new TreeWatch(config, Ensemble.lease(config.ensemble(), scheduler), listener);
        watch.onLoop(() -> {
            if (!watch.closed) {
                watch.ensemble.join(watch);
            }
        });
        return watch::close;
    }

    private void close() {
        closed = true;
        onLoop(() -> {
            ensemble.leave(this);
            session = null;
            if (timer != null) {
                timer.cancel(false);
            }
        });
        lease.close();
    }

    @Override
    public void onSession(Session opened) {
        session = opened;
        nodes.clear();
        own = null;
        pending = 0;
        opened.sync(path, (error, body) -> {}); // answered before what is asked next
        list();
    }

    @Override
    public void onLost(DiscoveryException why) {
        session = null;
        listener.accept(new Told.Unreachable(why));
    }

    @Override
    public void onEvent(String changed) {
        if (changed.equals(path)) {
            list();
        } else if (changed.startsWith(path + "/")) {
            String name = changed.substring(path.length() + 1);
            if (nodes.containsKey(name)) {
                read(name);
            }
        }
    }

    private void list() {
        Session asked = session;
        if (asked == null) {
            return;
        }
        if (timer != null) {
            timer.cancel(false);
        }
        Duration again = Jitter.between(LIST_AGAIN.multipliedBy(3).dividedBy(4), LIST_AGAIN);
        timer = ensemble.loop().schedule(this::list, again.toMillis(), TimeUnit.MILLISECONDS);
        asked.children(path, (error, body) -> {
            if (asked != session) {
                return;
            }
            if (error == 0) {
                listed(asked, Jute.readTexts(body));
            } else if (error == Session.E_NO_NODE) {
                awaitNode(asked);
            } else {
                listener.accept(new Told.Unreachable(new DiscoveryException(path + ": " + Session.describe(error))));
            }
        });
    }

    /** There is no such node; a watch tells when it is made. */
    private void awaitNode(Session asked) {
        asked.exists(path, (error, body) -> {
            if (asked != session) {
                return;
            }
            if (error == 0) {
                list(); // it was made meanwhile
            } else {
                nodes.clear();
                own = null;
                listener.accept(new Told.Absent("ZooKeeper has no node " + path));
            }
        });
    }

    private void listed(Session asked, List<String> names) {
        Set<String> fresh = new HashSet<>(names);
        nodes.keySet().retainAll(fresh);
        fresh.removeAll(nodes.keySet());
        for (String name : fresh) {
            nodes.put(name, Node.UNREAD);
            read(name);
        }
        if (names.isEmpty()) {
            readOwn(asked);
        } else {
            own = null;
        }
        tellIfWhole();
    }

    private void read(String name) {
        Session asked = session;
        if (asked == null) {
            return;
        }
        pending++;
        asked.data(path + "/" + name, (error, body) -> {
            if (asked != session) {
                return;
            }
            pending--;
            if (error == Session.E_NO_NODE) {
                nodes.remove(name);
            } else {
                nodes.computeIfPresent(name, (same, before) -> node(name, error, body));
            }
            tellIfWhole();
        });
    }

    private void readOwn(Session asked) {
        pending++;
        asked.data(path, (error, body) -> {
            if (asked != session) {
                return;
            }
            pending--;
            if (error == Session.E_NO_NODE) {
                list();
            } else if (nodes.isEmpty()) {
                own = node("", error, body);
            }
            tellIfWhole();
        });
    }

    private static Node node(String name, int error, ByteBuf body) {
        return error == 0 ? Node.read(name, Jute.readBytes(body)) : Node.problem(Session.describe(error));
    }

    private void tellIfWhole() {
        if (pending > 0 || nodes.isEmpty() && own == null) {
            return;
        }
        List<EndpointEntry> entries = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        nodes.forEach((name, node) -> node.addTo(path + "/" + name, entries, problems));
        if (nodes.isEmpty() && own != null && !own.isEmpty()) {
            own.addTo(path, entries, problems);
        }
        leftOut.report(problems);
        if (entries.isEmpty() && !problems.isEmpty()) {
            listener.accept(
                    new Told.Unreachable(new DiscoveryException("no endpoint that can be used: " + problems.get(0))));
        } else {
            listener.accept(new Told.Entries(entries));
        }
    }

    private void onLoop(Runnable step) {
        try {
            ensemble.loop().execute(step);
        } catch (RejectedExecutionException e) {
            LOG.trace("{}: the registry thread has ended", path, e);
        }
    }
}
