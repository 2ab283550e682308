package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The first candidate in order that was not tried; weights do not matter. */
record FirstPicker(List<Candidate> candidates) implements Picker {
    @Override
    public @Nullable Candidate pick(Pick pick) {
        for (int i = 0; i < candidates.size(); i++) {
            if (!pick.tried(candidates.get(i))) {
                return candidates.get(i);
            }
        }
        return null;
    }
}
