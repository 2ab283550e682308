package io.ambassador.discovery.support.registry;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of each thing in a registry that names no endpoint, once for as long as it stands there. Thread-safe. */
public final class LeftOut {
    private static final Logger LOG = LoggerFactory.getLogger(LeftOut.class);
    private static final int MOST = 10;

    private final String name;
    private Set<String> before = Set.of();

    /** @param name what is followed, for the log */
    public LeftOut(String name) {
        this.name = name;
    }

    /** @param problems all that one answer has */
    public synchronized void report(List<String> problems) {
        Set<String> now = new HashSet<>();
        for (String problem : problems) {
            if (now.size() == MOST) {
                break;
            }
            if (now.add(problem) && !before.contains(problem)) {
                LOG.warn("{}: left out: {}", name, problem);
            }
        }
        before = now;
    }
}
