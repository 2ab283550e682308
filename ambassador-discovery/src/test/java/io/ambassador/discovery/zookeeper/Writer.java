package io.ambassador.discovery.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.testkit.ZooKeeperServer;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;
import org.apache.zookeeper.KeeperException;

/** Somebody else's client, who writes what the source under test reads. */
final class Writer implements AutoCloseable {
    private final CuratorFramework curator;

    private Writer(CuratorFramework curator) {
        this.curator = curator;
    }

    static Writer to(ZooKeeperServer server) throws InterruptedException {
        CuratorFramework curator =
                CuratorFrameworkFactory.newClient(server.address(), 10_000, 5_000, new RetryForever(100));
        curator.start();
        if (!curator.blockUntilConnected(20, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no connection to " + server.address());
        }
        return new Writer(curator);
    }

    CuratorFramework curator() {
        return curator;
    }

    /** Makes the node, or gives it other data. */
    void put(String path, String data) throws Exception {
        curator.create().orSetData().creatingParentsIfNeeded().forPath(path, data.getBytes(UTF_8));
    }

    /** With everything below it; if it is gone already, that will do. */
    void delete(String path) throws Exception {
        try {
            curator.delete().deletingChildrenIfNeeded().forPath(path);
        } catch (KeeperException.NoNodeException e) {
            return;
        }
    }

    @Override
    public void close() {
        curator.close();
    }
}
