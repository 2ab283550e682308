package io.ambassador.service;

import io.ambassador.explain.EventKind;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.spi.LogLimiter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Tells people of what changed from one selection to the next. Control thread only. */
final class SelectionNews {
    private final ServiceJournal journal;
    private final Logger log;
    private final LogLimiter limiter;

    SelectionNews(ServiceJournal journal, Logger log, LogLimiter limiter) {
        this.journal = journal;
        this.log = log;
        this.limiter = limiter;
    }

    void tell(Selection before, Selection now, @Nullable LocalitySpec locality) {
        int size = now.tier().size();
        if (now.panic() != before.panic()) {
            warn(
                    now.panic()
                            ? "too few endpoints are available ({} of {}): all are used"
                            : "{} of {} endpoints available",
                    now.available(),
                    size);
            journal.tell(
                    now.panic() ? EventKind.PANIC : EventKind.PANIC_OVER,
                    "",
                    now.available() + " of " + size + " endpoints are available");
        }
        long spilled = Math.round(100 * (1 - now.localShare()));
        if (locality != null && spilled != Math.round(100 * (1 - before.localShare()))) {
            String zone = locality.zone();
            if (spilled == 0) {
                log.info("new connections stay in zone {}", zone);
                journal.tell(EventKind.SPILLOVER_ENDED, zone, "new connections stay in the zone");
            } else {
                warn("{} % of new connections leave zone {}: too few of its endpoints are available", spilled, zone);
                journal.tell(EventKind.SPILLOVER, zone, spilled + " % of new connections go to other zones");
            }
        }
    }

    private void warn(String message, Object... arguments) {
        limiter.log(message, left -> log.warn(message + LogLimiter.more(left), arguments));
    }
}
