package io.ambassador.health;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import java.util.List;
import java.util.Locale;

/** Provides {@code health.probe = http}: one HTTP/1.1 request, judged by the status of its answer. */
public final class HttpProbeProvider implements ProbeProvider<HttpProbeConfig> {
    private static final String FORBIDDEN = ".*[\\x00-\\x20\\x7f].*"; // would end the request line or a field

    @Override
    public String type() {
        return "http";
    }

    @Override
    public HttpProbeConfig parse(Settings settings) {
        String path = settings.string("path", "/");
        if (!path.startsWith("/") || path.matches("(?s)" + FORBIDDEN)) {
            settings.problem("path", "is not a path (expected: / and no space, as in /healthz?full=1)");
        }
        String host = settings.string("host", "");
        if (host.matches("(?s)" + FORBIDDEN)) {
            settings.problem("host", "is not a host (expected: a name, or name:port)");
        }
        String method = settings.string("method", "GET").toUpperCase(Locale.ROOT);
        if (!method.equals("GET") && !method.equals("HEAD")) {
            settings.problem("method", "\"" + method + "\" is not a method a probe may use (expected: GET or HEAD)");
        }
        List<StatusRange> expected = settings.list(
                "expect-status", "a status or a range of them, such as 200 or 200-399", StatusRange::parse);
        return new HttpProbeConfig(
                method, path, host, expected.isEmpty() ? List.of(StatusRange.SUCCESS_OR_REDIRECT) : expected);
    }

    @Override
    public Probe create(HttpProbeConfig config) {
        return (result, endpoint, login) -> new HttpProbeHandler(result, config, endpoint);
    }
}
