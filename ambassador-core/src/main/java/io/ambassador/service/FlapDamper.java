package io.ambassador.service;

import io.ambassador.explain.EventKind;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.Units;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Marks members that came and went too often, and tells people. Control thread only. */
final class FlapDamper {
    private final FlapDamping damping = new FlapDamping(System::nanoTime);
    private final ServiceJournal journal;
    private final Logger log;
    private final LogLimiter limiter;

    FlapDamper(ServiceJournal journal, Logger log, LogLimiter limiter) {
        this.journal = journal;
        this.log = log;
        this.limiter = limiter;
    }

    /** @param spec {@code null} to not count it */
    void removed(PooledEndpoint member, @Nullable FlapDampingSpec spec) {
        if (spec != null) {
            damping.withdrawn(member.endpoint().address(), spec);
        }
    }

    /**
     * Decides about one that is new or has come back.
     *
     * @param oneOfMany of which none is told by itself
     * @return for how long it is held out; zero for not at all
     */
    Duration added(PooledEndpoint member, @Nullable FlapDampingSpec spec, boolean oneOfMany) {
        String address = member.endpoint().address();
        Duration hold = spec == null ? Duration.ZERO : damping.hold(address, spec);
        if (spec == null || hold.isZero()) {
            member.undamp();
            return Duration.ZERO;
        }
        member.damp(hold);
        if (!oneOfMany) {
            String why = "went " + damping.count(address, spec) + " times: held out for " + Units.format(hold);
            limiter.log("damped", left -> log.warn("{} {}{}", address, why, LogLimiter.more(left)));
            journal.tell(EventKind.ENDPOINT_DAMPED, address, why);
        }
        return hold;
    }

    /** Lets one in again, if it is held out. */
    void release(PooledEndpoint member) {
        if (member.isDamped()) {
            String address = member.endpoint().address();
            member.undamp();
            limiter.log("undamped", left -> log.info("{} is held out no longer{}", address, LogLimiter.more(left)));
            journal.tell(EventKind.ENDPOINT_UNDAMPED, address, "");
        }
    }
}
