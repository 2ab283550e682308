package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.Jitter;
import java.time.Duration;

/** When to ask again. */
final class Ttl {
    /** A name that is not there is asked for again after 5 s at most. */
    static final long NEGATIVE_SECONDS = 5;

    /** How often the hosts file is looked at. */
    static final long HOSTS_FILE_SECONDS = 5;

    /** After an answer of which a part is missing. */
    static final long INCOMPLETE_SECONDS = 1;

    private static final long LEAST_SECONDS = 1;
    private static final long MOST_SECONDS = 300;
    private static final Duration JITTER = Duration.ofMillis(200);

    private Ttl() {}

    /** {@code seconds}, but at least 1 and at most 300, and up to 200 ms more. */
    static Duration goodFor(long seconds) {
        return Jitter.upTo(Duration.ofSeconds(Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, seconds))), JITTER);
    }
}
