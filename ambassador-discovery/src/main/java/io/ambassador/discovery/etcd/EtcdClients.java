package io.ambassador.discovery.etcd;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** One client for each cluster that anybody follows. Thread-safe. */
final class EtcdClients {
    private record Key(EtcdCluster cluster, ScheduledExecutorService control) {}

    private static final class Shared {
        private final Key key;
        private final EtcdClient client;
        private int users;

        Shared(Key key) {
            this.key = key;
            this.client = new EtcdClient(key.cluster(), key.control());
        }
    }

    private final Map<Key, Shared> byCluster = new HashMap<>();
    private final Map<EtcdClient, Shared> byClient = new HashMap<>();

    /** Each call needs one {@link #release}. */
    synchronized EtcdClient acquire(EtcdCluster cluster, ScheduledExecutorService control) {
        Shared shared = byCluster.computeIfAbsent(new Key(cluster, control), Shared::new);
        shared.users++;
        byClient.put(shared.client, shared);
        return shared.client;
    }

    synchronized void release(EtcdClient client) {
        Shared shared = byClient.get(client);
        if (shared != null && --shared.users == 0) {
            byClient.remove(client);
            byCluster.remove(shared.key);
            client.close();
        }
    }
}
