package io.ambassador.testkit;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Changes a registry at random, disturbs it meanwhile, and knows what must come of it. */
public final class RandomChanges {
    /** Keys and the endpoints they stand for. */
    public interface Registry {
        /** @param endpoint as {@code 10.1.2.3:4567} */
        void put(int key, String endpoint) throws Exception;

        void delete(int key) throws Exception;

        /** Restarts the registry, or does what else it must survive. */
        void disturb(int time) throws Exception;

        /** Every so often: may wait until this is known, so that changes do not outrun who follows them. */
        default void settle(Set<String> expected) throws Exception {}
    }

    private static final int KEYS = 50;
    private static final int BATCH = 150;

    private RandomChanges() {}

    /**
     * @param disturbances spread evenly over the changes
     * @return the endpoints there are in the end
     */
    public static Set<String> make(Registry registry, int changes, int disturbances, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        Map<Integer, String> expected = new TreeMap<>();
        for (int i = 0; i < changes; i++) {
            int key = random.nextInt(KEYS);
            if (expected.containsKey(key) && random.nextBoolean()) {
                registry.delete(key);
                expected.remove(key);
            } else {
                String endpoint = "10." + random.nextInt(256) + "." + random.nextInt(256) + "." + key + ":"
                        + (1 + random.nextInt(65_535));
                registry.put(key, endpoint);
                expected.put(key, endpoint);
            }
            if ((i + 1) % BATCH == 0) {
                registry.settle(new HashSet<>(expected.values()));
            }
            if ((i + 1) * (disturbances + 1) / changes > i * (disturbances + 1) / changes && i + 1 < changes) {
                registry.disturb((i + 1) * (disturbances + 1) / changes);
            }
        }
        return new HashSet<>(expected.values());
    }
}
