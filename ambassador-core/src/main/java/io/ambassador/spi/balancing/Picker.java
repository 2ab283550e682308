package io.ambassador.spi.balancing;

import org.jspecify.annotations.Nullable;

/** Chooses among a fixed set of candidates. Called on many event loops at once: no lock, no blocking, no look-up. */
public interface Picker {
    /** A candidate that was not tried; {@code null} if every one was, or there is none. */
    @Nullable Candidate pick(Pick pick);
}
