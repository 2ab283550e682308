package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.Settings;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where Marathon posts its events.
 *
 * @param host an address to listen on, in its one spelling
 * @param port 0 for a free one, which then must not be in {@code url} either
 * @param url as Marathon reaches it
 */
record CallbackConfig(String host, int port, String url) {
    /** @return {@code null} without the block {@code callback} */
    static @Nullable CallbackConfig parse(Settings settings) {
        if (!settings.has("callback")) {
            return null;
        }
        Settings block = settings.block("callback");
        String url = block.string("url");
        URI parsed = block.parse("url", url, "where Marathon reaches it, such as http://10.0.0.5:10001/", text -> {
            URI uri = URI.create(text);
            if (!"http".equals(uri.getScheme()) || uri.getHost() == null || uri.getUserInfo() != null) {
                throw new IllegalArgumentException(text);
            }
            return uri;
        });
        if (parsed == null) {
            return null;
        }
        int port = parsed.getPort() < 0 ? 80 : parsed.getPort();
        String host = parsed.getHost().replaceAll("[\\[\\]]", "");
        String usual = (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        String listen = block.string("listen", usual);
        EndpointEntry entry = block.parse("listen", listen, "an address to listen on, such as 10.0.0.5:10001", text -> {
            EndpointEntry given = EndpointEntry.parse(text);
            if (!given.isLiteral()) {
                throw new IllegalArgumentException(text);
            }
            return given;
        });
        return entry == null ? null : new CallbackConfig(entry.host(), entry.port(), url);
    }
}
