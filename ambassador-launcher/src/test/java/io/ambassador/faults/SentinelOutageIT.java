package io.ambassador.faults;

import static io.ambassador.testkit.SentinelServer.MASTER;

import io.ambassador.ServiceBuilder;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.SentinelServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/** A real sentinel, which is told by hand to monitor one real primary or the other; fail-overs are {@link SentinelIT}'s. */
class SentinelOutageIT extends RegistryOutage {
    private final List<RedisServer> servers = List.of(RedisServer.start(), RedisServer.start());

    @Override
    protected void define(ServiceBuilder service) throws ConfigurationException {
        service.protocol("redis");
    }

    @Override
    protected int call(InetSocketAddress address) throws IOException {
        return RedisPort.of(address) == servers.get(0).port() ? 0 : 1;
    }

    @Override
    protected Registry startRegistry() {
        SentinelServer sentinel = SentinelServer.of(servers.get(0).port()).start();
        return new Registry() {
            private int served;

            @Override
            public String address() {
                return sentinel.address();
            }

            @Override
            public String type() {
                return "sentinel";
            }

            @Override
            public Map<String, ?> settings(String address) {
                return Map.of("addresses", List.of(address), "master", MASTER);
            }

            @Override
            public void serve(int backend) {
                if (served != backend) {
                    served = backend;
                    sentinel.command("SENTINEL", "REMOVE", MASTER);
                    sentinel.monitor(servers.get(backend).port());
                }
            }

            @Override
            public void kill() {
                sentinel.kill();
            }

            @Override
            public void restart() {
                sentinel.restart();
            }

            @Override
            public void freeze() {
                sentinel.pause();
            }

            @Override
            public void thaw() {
                sentinel.resume();
            }

            @Override
            public void close() {
                sentinel.close();
                servers.forEach(RedisServer::close);
            }
        };
    }
}
