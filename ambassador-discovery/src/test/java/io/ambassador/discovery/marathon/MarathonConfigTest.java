package io.ambassador.discovery.marathon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MarathonConfigTest {
    private static final Map<String, ?> LEAST = Map.of("addresses", "10.0.0.1", "app", "redis");

    @Test
    void shortFormsSayWhatBlocksSay() {
        MarathonConfig config = uri("marathon://10.0.0.1:8080,m2.example.com/prod/redis-6.x:6379");

        assertEquals("marathon://10.0.0.1:8080,m2.example.com:8080/prod/redis-6.x:6379", config.name());
        assertEquals("/prod/redis-6.x", config.app());
        assertEquals("6379", config.port());
        assertEquals("/v2/apps/prod/redis-6.x?embed=app.tasks", config.target());
        assertEquals(
                "marathons://10.0.0.1:8443/redis",
                uri("marathons://10.0.0.1/redis").name());
        assertEquals("web", uri("marathon://10.0.0.1/redis:web").port());
    }

    @Test
    void theSeedsFormIsUnderstood() {
        MarathonConfig config = uri("marathon://10.0.0.1:8080/prod/app/80;8080");

        assertEquals("/prod/app", config.app());
        assertEquals("80", config.port());
    }

    @Test
    void shortFormsThatLackSomethingAreRefused() {
        for (String wrong : List.of(
                "marathon://10.0.0.1",
                "marathon:///redis",
                "marathon://10.0.0.1/",
                "marathon://10.0.0.1/redis:",
                "marathon://10.0.0.1/redis;8080",
                "marathon://bob:secret@10.0.0.1/redis",
                "marathon://10.0.0.1/redis?token=x")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new MarathonProvider().settingsOf(DiscoveryUri.parse(wrong)),
                    wrong);
        }
    }

    @Test
    void aCallbackListensWhereItIsReachedUnlessToldOtherwise() {
        CallbackConfig usual = callback(Map.of("url", "http://10.0.0.5:10001/events"));
        CallbackConfig told = callback(Map.of("url", "http://box.example.com/", "listen", "0.0.0.0:10001"));

        assertNotNull(usual);
        assertEquals("10.0.0.5", usual.host());
        assertEquals(10_001, usual.port());
        assertNotNull(told);
        assertEquals("0.0.0.0", told.host());
        assertEquals("http://box.example.com/", told.url());
    }

    @Test
    void everyProblemIsToldAtOnce() {
        Settings settings = Settings.of(
                "discovery",
                Map.of(
                        "addresses",
                        List.of("10.0.0.1:0"),
                        "app",
                        "Prod",
                        "port",
                        "80",
                        "port-index",
                        1,
                        "username",
                        "a:b",
                        "token",
                        Map.of("text-file", "/token"),
                        "callback",
                        Map.of("url", "https://10.0.0.5/")));
        new MarathonProvider().parse(settings);
        String problems = String.join("\n", settings.problems());

        for (String part : List.of(
                "discovery.addresses: \"10.0.0.1:0\" is not a master's host:port",
                "discovery.app: \"/Prod\" is no id of an app",
                "discovery.port-index: is there as well as port",
                "discovery.password: needs username and password",
                "discovery.username: holds a character",
                "discovery.callback.url: \"https://10.0.0.5/\" is not where Marathon reaches it")) {
            assertTrue(problems.contains(part), problems);
        }
    }

    private static CallbackConfig callback(Map<String, ?> block) {
        Map<String, Object> values = new HashMap<>(LEAST);
        values.put("callback", block);
        return Marathons.config(values).masters().callback();
    }

    private static MarathonConfig uri(String uri) {
        return Marathons.config(new MarathonProvider().settingsOf(DiscoveryUri.parse(uri)));
    }
}
