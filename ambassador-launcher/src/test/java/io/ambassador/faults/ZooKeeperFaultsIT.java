package io.ambassador.faults;

import io.ambassador.testkit.ZooKeeperServer;
import java.time.Duration;
import java.util.Map;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;

/** A real ZooKeeper server; that it is frozen outlasts the ambassador's session. */
class ZooKeeperFaultsIT extends RegistryOutage {
    @Override
    protected Duration changeWithin() {
        return Duration.ofSeconds(2);
    }

    @Override
    protected Registry startRegistry() throws Exception {
        ZooKeeperServer server = ZooKeeperServer.start();
        CuratorFramework writer =
                CuratorFrameworkFactory.newClient(server.address(), 20_000, 5_000, new RetryForever(50));
        writer.start();
        writer.createContainers("/main");
        return new Registry() {
            @Override
            public String address() {
                return server.address();
            }

            @Override
            public String type() {
                return "zookeeper";
            }

            @Override
            public Map<String, ?> settings(String address) {
                return Map.of("servers", address, "path", "/main", "session-timeout", "2s");
            }

            @Override
            public void serve(int backend) throws Exception {
                writer.create().orSetData().forPath(node(backend), new byte[0]);
                writer.delete().quietly().forPath(node(1 - backend));
            }

            private String node(int backend) {
                return "/main/127.0.0.1:" + port(backend);
            }

            @Override
            public void kill() {
                server.kill();
            }

            @Override
            public void restart() {
                server.restart();
            }

            @Override
            public void freeze() {
                server.pause();
            }

            @Override
            public void thaw() {
                server.resume();
            }

            @Override
            public void close() {
                writer.close();
                server.close();
            }
        };
    }
}
