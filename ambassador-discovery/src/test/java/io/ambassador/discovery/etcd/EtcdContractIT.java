package io.ambassador.discovery.etcd;

import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.EtcdServer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The promises of a source, kept by {@code etcd} against a real server that is killed and started again. */
class EtcdContractIT extends EndpointSourceContract {
    private static final String PATH = "/services/redis";

    private static EtcdServer etcd;

    @BeforeAll
    static void startEtcd() {
        etcd = EtcdServer.start();
    }

    @AfterAll
    static void stopEtcd() {
        etcd.close();
    }

    @Override
    protected String type() {
        return "etcd";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry", "ambassador-dns");
    }

    @Override
    protected MovingRegistry startRegistry() {
        return new MovingRegistry() {
            private final Set<String> there = new HashSet<>();
            private boolean down;

            @Override
            public void set(Set<String> endpoints) {
                endpoints.stream().filter(there::add).forEach(each -> etcd.put(PATH + "/" + each, each));
                there.removeIf(each -> {
                    boolean gone = !endpoints.contains(each);
                    if (gone) {
                        etcd.delete(PATH + "/" + each);
                    }
                    return gone;
                });
            }

            @Override
            public void breakDown() {
                down = true;
                etcd.kill();
            }

            @Override
            public void recover() {
                down = false;
                etcd.restart();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("endpoints", etcd.address(), "path", PATH);
            }

            @Override
            public void close() {
                if (down) {
                    recover();
                }
                etcd.deleteAll("/");
            }
        };
    }
}
