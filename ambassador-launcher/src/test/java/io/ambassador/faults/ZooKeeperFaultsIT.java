package io.ambassador.faults;

import io.ambassador.testkit.ZooKeeperServer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;

/** A real ZooKeeper server; that it is frozen outlasts the ambassador's session. */
class ZooKeeperFaultsIT extends RegistryFaults {
    @Override
    protected Duration changeWithin() {
        return Duration.ofSeconds(2);
    }

    @Override
    protected FreezingRegistry startRegistry() throws Exception {
        ZooKeeperServer server = ZooKeeperServer.start();
        CuratorFramework writer =
                CuratorFrameworkFactory.newClient(server.address(), 20_000, 5_000, new RetryForever(50));
        writer.start();
        writer.createContainers("/main");
        return new FreezingRegistry() {
            @Override
            public int port() {
                return server.port();
            }

            @Override
            public String type() {
                return "zookeeper";
            }

            @Override
            public Map<String, ?> settings(int port) {
                return Map.of("servers", "127.0.0.1:" + port, "path", "/main", "session-timeout", "2s");
            }

            @Override
            public void set(Set<Integer> ports) throws Exception {
                Set<String> wanted =
                        ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.toSet());
                Set<String> there = Set.copyOf(writer.getChildren().forPath("/main"));
                for (String name : wanted) {
                    if (!there.contains(name)) {
                        writer.create().forPath("/main/" + name, new byte[0]);
                    }
                }
                for (String name : there) {
                    if (!wanted.contains(name)) {
                        writer.delete().forPath("/main/" + name);
                    }
                }
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
            public void pause() {
                server.pause();
            }

            @Override
            public void resume() {
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
