package io.ambassador.discovery.etcd;

import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a client's paths from one member, until something fails: a sign of life, the login, each path once, then what
 * changes. A failure ends the session, and the client begins another. On the control thread.
 */
final class EtcdSession implements PathReader.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdSession.class);

    /** For the first answer. Short: a lost packet is sent again after 1 s, and then not before 3 s. */
    private static final Duration FIRST_SIGN = Duration.ofMillis(1_500);

    private static final Duration BEAT = Duration.ofSeconds(2);
    private static final Duration BEAT_TIMEOUT = Duration.ofSeconds(3);

    /** For a watch to be opened. */
    private static final Duration WATCH_TIMEOUT = Duration.ofSeconds(10);

    /** For a watch to tell what was read already. */
    private static final Duration TOLD_TIMEOUT = Duration.ofSeconds(5);

    /** Paths that come and go together share a new stream. */
    private static final Duration GATHERING = Duration.ofMillis(20);

    private final EtcdMember member;
    private final Duration reread;
    private final Control control;
    private final EtcdClient client;
    private final EtcdQuestions questions;
    private final PathReader reader;
    private final Set<Prefix> prefixes = new LinkedHashSet<>();
    private final Set<Prefix> current = new LinkedHashSet<>(); // read in this session, and to be followed
    private final Deque<Prefix> toReread = new ArrayDeque<>();
    private @Nullable EtcdStream stream;
    private @Nullable EtcdStream opening;
    private boolean begun;
    private boolean works;
    private boolean gathering;
    private boolean closed;

    EtcdSession(
            EtcdMember member,
            EtcdCluster cluster,
            @Nullable RegistryPassword password,
            Control control,
            EtcdClient client) {
        this.member = member;
        this.reread = cluster.reread();
        this.control = control;
        this.client = client;
        this.questions = new EtcdQuestions(member, cluster, password, control, this::fail);
        this.reader = new PathReader(member, questions, this, this::fail);
    }

    /** @param rest between the first sign of life and all that follows */
    void start(Collection<Prefix> paths, Duration rest) {
        prefixes.addAll(paths);
        paths.forEach(reader::add);
        questions.askOpenly(() -> member.version(FIRST_SIGN), any -> control.after(rest, this::begin));
    }

    private void begin() {
        if (!closed) {
            questions.logIn(this::beat);
        }
    }

    void add(Prefix prefix) {
        prefixes.add(prefix);
        reader.add(prefix);
        if (begun) {
            reader.proceed();
        }
    }

    void remove(Prefix prefix) {
        prefixes.remove(prefix);
        reader.remove(prefix);
        if (current.remove(prefix)) {
            followSoon();
        }
    }

    void close() {
        closed = true;
        questions.close();
        if (stream != null) {
            stream.close();
        }
        if (opening != null) {
            opening.close();
        }
    }

    private void fail(Throwable cause, boolean login) {
        if (!closed) {
            close();
            DiscoveryException expected = cause instanceof DiscoveryException discovery
                    ? discovery
                    : new DiscoveryException(String.valueOf(cause.getMessage()), cause);
            client.failed(expected, login);
        }
    }

    // ---- the sign of life ----

    private void beat() {
        if (closed) {
            return;
        }
        if (prefixes.isEmpty()) {
            alive();
            return;
        }
        Prefix any = prefixes.iterator().next();
        questions.ask(() -> member.range(any.from(), any.to(), 1, 0, true, BEAT_TIMEOUT), page -> alive(), refusal -> {
            if (refusal.isPermissionDenied()) {
                alive();
            } else {
                fail(refusal, refusal.isLoginRefused());
            }
        });
    }

    private void alive() {
        control.after(BEAT, this::beat);
        if (!begun) {
            begun = true;
            reader.proceed();
        }
    }

    // ---- reading ----

    @Override
    public void read(Prefix prefix, List<KeyValue> keys, long revision, boolean again) {
        if (!prefixes.contains(prefix)) {
            return;
        }
        boolean followed = !current.add(prefix);
        if (!again || !followed) {
            prefix.replace(keys, revision);
        } else if (revision >= prefix.revision()) { // else the watch was faster
            int told = prefix.told();
            if (prefix.replace(keys, revision)) {
                control.after(TOLD_TIMEOUT, () -> expectTold(prefix, told));
            }
        }
    }

    @Override
    public void refused(Prefix prefix, DiscoveryException why) {
        current.remove(prefix);
        if (prefixes.contains(prefix)) {
            prefix.refuse(why);
        }
    }

    @Override
    public void idle() {
        followSoon();
    }

    /** What was read beside following it, and was new, must have been told by the watch, too, by now. */
    private void expectTold(Prefix prefix, int before) {
        if (!closed && current.contains(prefix) && prefix.told() == before) {
            LOG.warn("etcd {}: the watch kept silent about a change of {}; it is opened again", member, prefix.path());
            open();
        }
    }

    private void rereadNext() {
        if (closed) {
            return;
        }
        if (toReread.isEmpty()) {
            toReread.addAll(prefixes);
        }
        Prefix prefix = toReread.poll();
        if (prefix != null && prefixes.contains(prefix)) {
            reader.readAgain(prefix);
        }
        rereadLater();
    }

    /** Each path once in the interval, one after the other. */
    private void rereadLater() {
        Duration share = reread.dividedBy(Math.max(1, prefixes.size()));
        control.after(Jitter.upTo(share.dividedBy(2), share), this::rereadNext);
    }

    private void readFromNewOn(Prefix prefix) {
        if (!closed && prefixes.contains(prefix)) {
            reader.add(prefix);
            reader.proceed();
        }
    }

    // ---- following ----

    private void followSoon() {
        if (gathering || stream != null && stream.follows(current)) {
            return;
        }
        gathering = true;
        control.after(works ? GATHERING : Duration.ZERO, () -> {
            gathering = false;
            if (!closed && reader.isIdle()) {
                open();
            }
        });
    }

    /** A new stream first, then the end of the old one, so that nothing is told late. */
    private void open() {
        if (opening != null) {
            opening.close();
        }
        EtcdStream fresh = new EtcdStream(member, current, control, this);
        opening = fresh;
        fresh.open();
        control.after(WATCH_TIMEOUT, () -> {
            if (opening == fresh) {
                fail(new DiscoveryException(member + ": opens no watch"), false);
            }
        });
    }

    /** Every watch of {@code fresh} is open. */
    void opened(EtcdStream fresh) {
        if (opening != fresh) {
            return;
        }
        opening = null;
        if (stream != null) {
            stream.close();
        }
        stream = fresh;
        if (!works) {
            works = true;
            client.works(member);
            rereadLater();
        }
        if (reader.isIdle()) {
            followSoon(); // paths may have come and gone meanwhile
        }
    }

    /** One watch has ended, and the others go on. */
    void ended(Prefix prefix, WatchReply why) {
        if (!current.remove(prefix)) {
            return;
        }
        if (why.compacted() > 0) {
            readFromNewOn(prefix); // changes were lost
        } else {
            LOG.warn("etcd {}: the watch of {} has ended: {}", member, prefix.path(), why.error());
            control.after(BEAT, () -> readFromNewOn(prefix)); // which tells whether it may be read at all
        }
    }

    /** The stream has ended, or cannot be understood. */
    void ended(EtcdStream ended, String why) {
        if (ended == stream || ended == opening) {
            fail(new DiscoveryException(member + ": the watch has ended: " + why), false);
        }
    }
}
