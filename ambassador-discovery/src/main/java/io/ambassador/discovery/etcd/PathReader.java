package io.ambassador.discovery.etcd;

import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiConsumer;

/** Reads paths whole, page by page as of one revision, a few at a time. On the control thread. */
final class PathReader {
    /** Hears how reading went. */
    interface Sink {
        /** @param again whether it was read beside being followed */
        void read(Prefix prefix, List<KeyValue> keys, long revision, boolean again);

        /** The member serves, but not this path. */
        void refused(Prefix prefix, DiscoveryException why);

        /** Nothing is left to be read for the first time. */
        void idle();
    }

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int AT_ONCE = 4;
    private static final int PAGE = 1_000;

    private final EtcdMember member;
    private final EtcdQuestions questions;
    private final Sink sink;
    private final BiConsumer<Throwable, Boolean> failed;
    private final Deque<Prefix> waiting = new ArrayDeque<>();
    private int underWay;

    PathReader(EtcdMember member, EtcdQuestions questions, Sink sink, BiConsumer<Throwable, Boolean> failed) {
        this.member = member;
        this.questions = questions;
        this.sink = sink;
        this.failed = failed;
    }

    /** To be read when {@link #proceed} is called. */
    void add(Prefix prefix) {
        waiting.add(prefix);
    }

    void remove(Prefix prefix) {
        waiting.remove(prefix);
    }

    boolean isIdle() {
        return underWay == 0 && waiting.isEmpty();
    }

    void proceed() {
        while (underWay < AT_ONCE && !waiting.isEmpty()) {
            underWay++;
            readPage(waiting.remove(), new Reading(false));
        }
        if (isIdle()) {
            sink.idle();
        }
    }

    /** Reads it now, for what following it might have missed. */
    void readAgain(Prefix prefix) {
        readPage(prefix, new Reading(true));
    }

    private static final class Reading {
        private final boolean again;
        private final List<KeyValue> keys = new ArrayList<>();
        private long revision;

        Reading(boolean again) {
            this.again = again;
        }

        String next(Prefix prefix) {
            return keys.isEmpty() ? prefix.from() : keys.get(keys.size() - 1).key() + '\0';
        }
    }

    private void readPage(Prefix prefix, Reading reading) {
        questions.ask(
                () -> member.range(reading.next(prefix), prefix.to(), PAGE, reading.revision, false, TIMEOUT),
                page -> take(prefix, reading, page),
                refusal -> {
                    if (refusal.isCompacted()) {
                        readPage(prefix, new Reading(reading.again)); // it took too long
                    } else if (refusal.isPermissionDenied()) {
                        sink.refused(
                                prefix, new DiscoveryException(refusal.getMessage() + ": " + prefix.path(), refusal));
                        finish(reading);
                    } else {
                        failed.accept(refusal, refusal.isLoginRefused());
                    }
                });
    }

    private void take(Prefix prefix, Reading reading, Page page) {
        if (reading.keys.isEmpty() && page.count() > Prefix.MAX_KEYS) {
            sink.refused(prefix, prefix.tooMany(page.count()));
            finish(reading);
            return;
        }
        reading.revision = reading.revision == 0 ? page.revision() : reading.revision;
        reading.keys.addAll(page.keys());
        if (page.more() && !page.keys().isEmpty()) {
            readPage(prefix, reading);
        } else {
            sink.read(prefix, reading.keys, reading.revision, reading.again);
            finish(reading);
        }
    }

    private void finish(Reading done) {
        if (!done.again) {
            underWay--;
        }
        proceed();
    }
}
