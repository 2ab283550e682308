package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The slow way that always finds what is left: for retries. */
final class Untried {
    private Untried() {}

    /** One of the candidates not tried, drawn by weight; {@code null} if every one was. */
    static @Nullable Candidate draw(Candidate[] candidates, Pick pick) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        Candidate drawn = null;
        long total = 0;
        for (Candidate candidate : candidates) {
            if (!pick.tried(candidate)) {
                total += candidate.weight();
                if (random.nextLong(total) < candidate.weight()) {
                    drawn = candidate;
                }
            }
        }
        return drawn;
    }
}
