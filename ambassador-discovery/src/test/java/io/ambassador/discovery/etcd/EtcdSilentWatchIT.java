package io.ambassador.discovery.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedHttp;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A watch that stays open and tells nothing, while the member answers all else. */
class EtcdSilentWatchIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String PATH = "/services/redis";

    private final AtomicInteger watches = new AtomicInteger();

    @Test
    void whatItDoesNotTellIsReadAndItIsOpenedAgain() throws Exception {
        try (EtcdServer etcd = EtcdServer.start();
                ScriptedHttp between = ScriptedHttp.start(call -> pass(call, etcd));
                Etcd client = new Etcd()) {
            etcd.put(PATH + "/a", "10.0.0.1:1");
            try (RecordingListener seen =
                    client.watch(Map.of("endpoints", between.address(), "path", PATH, "reread", "1s"))) {
                await().atMost(PATIENCE).until(() -> watches.get() == 1);
                etcd.put(PATH + "/a", "10.0.0.2:1");
                awaitAddress(seen, "10.0.0.2:1");
                assertEquals(1, watches.get(), "it was read, not told");

                await().atMost(PATIENCE).until(() -> watches.get() == 2 && etcd.watches() == 1);
                etcd.put(PATH + "/a", "10.0.0.3:1");
                awaitAddress(seen, "10.0.0.3:1");
                assertTrue(seen.all().stream().allMatch(Known.class::isInstance), () -> "told: " + seen.all());
            }
        }
    }

    private static void awaitAddress(RecordingListener seen, String expected) {
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(Set.of(expected), seen.addresses()));
    }

    private void pass(ScriptedHttp.Call call, EtcdServer etcd) throws IOException, InterruptedException {
        if (call.path().equals("/v3/watch") && watches.incrementAndGet() == 1) {
            OutputStream out = call.begin();
            out.write("{\"result\":{\"header\":{\"revision\":\"1\"},\"created\":true}}\n".getBytes(UTF_8));
            out.flush();
            new CountDownLatch(1).await();
        }
        String method = call.toString().split(" ")[0];
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + etcd.address() + call.path()))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(call.body()))
                .build();
        HttpResponse<InputStream> answer = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request, HttpResponse.BodyHandlers.ofInputStream());
        OutputStream out = call.begin();
        try (InputStream in = answer.body()) {
            byte[] buffer = new byte[8192];
            int read;
            while ((read = in.read(buffer)) >= 0) {
                out.write(buffer, 0, read);
                out.flush();
            }
        }
    }
}
