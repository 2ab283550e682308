package io.ambassador.discovery.mdns;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.registry.LeftOut;
import io.ambassador.spi.LogLimiter;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Message;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * Follows one service on one link. As long as somebody answers, what is known is what is believed; when nobody does any
 * more, it is what was known last. On the event loop.
 */
final class Browser implements Link.Member {
    /** How long the first answer waits for others: those who share a name take up to 120 ms, for each step. */
    private static final Duration SETTLE = Duration.ofMillis(250);

    private static final Duration SETTLE_FOR_SOME = Duration.ofMillis(800);
    private static final Duration SETTLE_AT_MOST = Duration.ofSeconds(5);

    /** Three questions. */
    private static final Duration SILENCE = Duration.ofSeconds(3);

    private static final Duration TICK = Duration.ofMillis(20);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final int PACKETS_A_TICK = 8;
    private static final Logger LOG = LoggerFactory.getLogger(Browser.class);

    private final LogLimiter limiter = new LogLimiter();

    private final MdnsConfig config;
    private final ServiceType service;
    private final Link link;
    private final EventLoop loop;
    private final Runnable changed;
    private final Runnable failed;
    private final LeftOut leftOut;
    private final Cache cache;
    private final List<byte[]> toSend = new ArrayList<>();
    private final long started = System.nanoTime();
    private List<EndpointEntry> entries = List.of();
    private boolean answered; // somebody has, and nobody is missing without a word
    private long answeredAt;
    private boolean settled;
    private boolean dirty;
    private boolean closed;
    private @Nullable String failure;
    private @Nullable Future<?> timer;
    private long timerAt = Long.MAX_VALUE;

    /**
     * @param changed run when {@link #entries}, {@link #isAnswered} or {@link #isDecided} are others than before
     * @param failed run when nothing more will be heard
     */
    Browser(MdnsConfig config, Link link, EventLoop loop, Runnable changed, Runnable failed) {
        this.config = config;
        this.service = ServiceType.parse(config.service());
        this.link = link;
        this.loop = loop;
        this.changed = changed;
        this.failed = failed;
        this.leftOut = new LeftOut(config.name() + " on " + link.name());
        this.cache = new Cache(
                service,
                config.instance() == null ? null : service.instance(config.instance()),
                config.family(),
                config.maxTtl(),
                started);
    }

    void start() {
        link.join(this);
        wake(cache.due());
    }

    void close() {
        closed = true;
        link.leave(this);
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /** What is known, or was last. */
    List<EndpointEntry> entries() {
        return entries;
    }

    /** Whether the link has told all of it. */
    boolean isAnswered() {
        return answered && settled;
    }

    /** Whether it has been waited long enough for an answer. */
    boolean isDecided() {
        return isAnswered() || failure != null || System.nanoTime() - started >= SILENCE.toNanos();
    }

    /** Why there is no answer. */
    String silence() {
        return failure != null ? failure : "nobody on " + link.name() + " answers for " + service;
    }

    boolean hasFailed() {
        return failure != null;
    }

    @Override
    public void onResponse(Message response) {
        long now = System.nanoTime();
        List<Record> records = new ArrayList<>(response.getSection(Section.ANSWER));
        records.addAll(response.getSection(Section.ADDITIONAL));
        if (!cache.hear(records, now)) {
            return;
        }
        dirty = true;
        if (!answered) {
            answered = true;
            answeredAt = now;
            settled = false;
        }
        wake(now + TICK.toNanos());
    }

    @Override
    public void onQuestion(Message query) {
        if (Packets.asksForAll(query, service.browsed())) {
            cache.heardQuestion(System.nanoTime());
        }
    }

    @Override
    public void onFailure(String why) {
        failure = why;
        answered = false;
        failed.run();
    }

    private void tickSafely() {
        try {
            tick();
        } catch (RuntimeException e) {
            limiter.log(
                    "unexpected",
                    left -> LOG.error(
                            "{} on {} failed in an unexpected way; it goes on{}",
                            config.name(),
                            link.name(),
                            LogLimiter.more(left),
                            e));
            wake(System.nanoTime() + AFTER_FAILURE.toNanos());
        }
    }

    private void tick() {
        if (closed || failure != null) {
            return;
        }
        timerAt = Long.MAX_VALUE;
        long now = System.nanoTime();
        dirty |= cache.expire(now);
        if (cache.takeLostSilently()) {
            answered = false;
            settled = false;
            changed.run();
        }
        if (toSend.isEmpty()) {
            boolean complete = cache.isComplete();
            toSend.addAll(cache.ask(now));
            dirty |= complete != cache.isComplete(); // what was awaited is so no longer
        }
        for (int i = 0; i < PACKETS_A_TICK && !toSend.isEmpty(); i++) {
            link.send(toSend.remove(0));
        }
        if (answered && !settled && isSettled(now)) {
            settled = true;
            dirty = true;
        }
        if (answered && settled && dirty) {
            dirty = false;
            resolve();
        } else if (!isAnswered()) {
            changed.run();
        }
        wake(Math.max(now + TICK.toNanos(), due(now)));
    }

    private long due(long now) {
        if (!toSend.isEmpty() || answered && !settled) {
            return now;
        }
        long due = cache.due();
        return answered || now - started >= SILENCE.toNanos() ? due : Math.min(due, started + SILENCE.toNanos());
    }

    private boolean isSettled(long now) {
        long since = now - answeredAt;
        return since >= SETTLE_AT_MOST.toNanos()
                || since >= SETTLE_FOR_SOME.toNanos() && cache.hasAny()
                || since >= SETTLE.toNanos() && cache.isComplete()
                || dirty && areAllBack();
    }

    /** After a silence: there is nobody to wait for. */
    private boolean areAllBack() {
        return !entries.isEmpty()
                && new HashSet<>(new Instances(link, config.family()).of(cache).entries()).containsAll(entries);
    }

    private void resolve() {
        Instances.Found found = new Instances(link, config.family()).of(cache);
        List<String> problems = new ArrayList<>(found.problems());
        if (cache.takeFull()) {
            problems.add("more than " + Cache.MOST_INSTANCES + " instances; those known before stay");
        }
        leftOut.report(problems);
        entries = found.entries();
        changed.run();
    }

    private void wake(long at) {
        if (closed || at >= timerAt) {
            return;
        }
        if (timer != null) {
            timer.cancel(false);
        }
        timerAt = at;
        timer = loop.schedule(this::tickSafely, Math.max(0, at - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
}
