package io.ambassador.launcher.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What stands behind the ambassador. */
record Backends(Passwords passwords, List<RedisBackend> redis, List<HttpBackend> http, DnsServer dns, PasswordFile file)
        implements AutoCloseable {
    Backends {
        redis = List.copyOf(redis);
        http = List.copyOf(http);
    }

    /** A pair of Redis-speaking servers with the same data, three HTTP servers, and the zone that names the pair. */
    static Backends create() throws IOException {
        Passwords passwords = new Passwords();
        RedisData data = new RedisData();
        return new Backends(
                passwords,
                List.of(new RedisBackend("redis-a", passwords, data), new RedisBackend("redis-b", passwords, data)),
                List.of(new HttpBackend("http-1"), new HttpBackend("http-2"), new HttpBackend("http-3")),
                DnsServer.create(),
                new PasswordFile());
    }

    void start() throws IOException {
        for (Server server : redis) {
            server.start();
        }
        for (Server server : http) {
            server.start();
        }
        dns.offer(redis);
        dns.start();
    }

    @Override
    public void close() {
        passwords.wipe();
        List<AutoCloseable> all = new ArrayList<>(List.of(file, dns));
        all.addAll(redis);
        all.addAll(http);
        Closing.all(all);
    }
}
