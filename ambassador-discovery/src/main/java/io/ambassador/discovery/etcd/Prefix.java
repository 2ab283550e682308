package io.ambassador.discovery.etcd;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a cluster says about one path: the key itself, and the keys below it; siblings that only begin alike are left
 * out. On the control thread.
 */
final class Prefix {
    /** What a service can have; beyond that, the path is taken for a wrong one. */
    static final int MAX_KEYS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(Prefix.class);
    private static final long WARNING_GAP = Duration.ofSeconds(10).toNanos();

    private final String path;
    private final String exact;
    private final String below;
    private final Runnable changed;
    private final TreeMap<String, KeyValue> keys = new TreeMap<>();
    private long revision;
    private @Nullable DiscoveryException problem;
    private long lastWarning = System.nanoTime() - WARNING_GAP;
    private String lastGarbage = "";
    private int told;

    /** @param changed is run after each change of what {@link #entries} or {@link #problem} tell */
    Prefix(String path, Runnable changed) {
        this.path = path;
        String bytes = new String(path.getBytes(UTF_8), ISO_8859_1);
        this.below = bytes.endsWith("/") ? bytes : bytes + "/";
        this.exact = bytes.endsWith("/") ? "" : bytes;
        this.changed = changed;
    }

    String path() {
        return path;
    }

    /** The first key of the range that is asked for. */
    String from() {
        return exact.isEmpty() ? below : exact;
    }

    /** The first key beyond it. */
    String to() {
        return below.substring(0, below.length() - 1) + (char) ('/' + 1);
    }

    /** Everything up to this revision is in here; 0 before the first whole answer. */
    long revision() {
        return revision;
    }

    /** How many events a watch has told of it. */
    int told() {
        return told;
    }

    boolean isKnown() {
        return revision > 0;
    }

    /** Takes over a whole answer. Returns whether it says anything new. */
    boolean replace(Collection<KeyValue> all, long asOf) {
        TreeMap<String, KeyValue> fresh = new TreeMap<>();
        for (KeyValue each : all) {
            if (isWithin(each.key())) {
                fresh.put(each.key(), each);
            }
        }
        boolean news = !fresh.equals(keys) || problem != null || !isKnown();
        keys.clear();
        keys.putAll(fresh);
        revision = asOf;
        problem = null;
        if (news) {
            tellChange();
        }
        return news;
    }

    /** Takes over what a watch told; what is known already changes nothing. */
    void apply(List<KeyValue> events, boolean moreOfThisRevision) {
        told += events.size();
        boolean news = false;
        long latest = revision;
        for (KeyValue event : events) {
            if (event.modified() <= revision) {
                continue;
            }
            latest = Math.max(latest, event.modified());
            if (!isWithin(event.key())) {
                continue;
            }
            if (event.deleted()) {
                news |= keys.remove(event.key()) != null;
            } else {
                news |= !event.equals(keys.put(event.key(), event));
            }
        }
        // Half of a revision may come again, after a reconnect.
        revision = moreOfThisRevision ? Math.max(revision, latest - 1) : latest;
        if (news) {
            tellChange();
        }
    }

    /** The cluster answers, but not about this path. What was known is still told apart from it. */
    void refuse(DiscoveryException why) {
        problem = why;
        changed.run();
    }

    /** Why nothing is known now; {@code null} if {@link #entries} hold. */
    @Nullable DiscoveryException problem() {
        if (problem != null) {
            return problem;
        }
        if (keys.size() > MAX_KEYS) {
            return tooMany(keys.size());
        }
        if (!keys.isEmpty() && keys.values().stream().allMatch(key -> key.problem() != null)) {
            return new DiscoveryException("none of the values below " + path + " says where an endpoint is: "
                    + describe(keys.firstEntry().getValue()));
        }
        return null;
    }

    DiscoveryException tooMany(long count) {
        return new DiscoveryException(
                path + " has " + count + " keys, more than " + MAX_KEYS + ". Name the path of one service");
    }

    /** Whether there is no such key. */
    boolean isEmpty() {
        return keys.isEmpty();
    }

    /** In the order of their keys. */
    List<EndpointEntry> entries() {
        List<EndpointEntry> entries = new ArrayList<>();
        keys.values().forEach(key -> entries.addAll(key.entries()));
        return entries;
    }

    private boolean isWithin(String key) {
        return key.startsWith(below) || key.equals(exact);
    }

    private void tellChange() {
        warnOfGarbage();
        changed.run();
    }

    private void warnOfGarbage() {
        List<KeyValue> garbage =
                keys.values().stream().filter(key -> key.problem() != null).toList();
        String first = garbage.isEmpty() ? "" : describe(garbage.get(0));
        if (first.equals(lastGarbage) || System.nanoTime() - lastWarning < WARNING_GAP) {
            return;
        }
        lastGarbage = first;
        if (!first.isEmpty()) {
            lastWarning = System.nanoTime();
            LOG.warn("etcd {}: {} of {} keys left out: {}", path, garbage.size(), keys.size(), first);
        }
    }

    private static String describe(KeyValue garbage) {
        return KeyValue.display(garbage.key()) + ": " + garbage.problem();
    }
}
