package io.ambassador.spi.balancing;

import java.util.List;

/**
 * Builds a picker for each change of a service's available endpoints. One policy serves one service, so it may carry
 * its position from one picker to the next.
 */
public interface BalancingPolicy {
    /**
     * @param candidates never changed afterwards; in a stable order; may be empty
     * @return a picker over exactly these; on the control thread
     */
    Picker picker(List<Candidate> candidates);
}
