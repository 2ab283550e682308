package io.ambassador.health;

import java.util.List;

/**
 * What an HTTP probe asks, and which answers are healthy.
 *
 * @param method {@code GET} (default) or {@code HEAD}
 * @param path of the request, with its query; default {@code /}
 * @param host of the request; empty (default) for the endpoint's own address and port
 * @param expectStatus default 200-399
 */
public record HttpProbeConfig(String method, String path, String host, List<StatusRange> expectStatus) {
    public HttpProbeConfig {
        expectStatus = List.copyOf(expectStatus);
    }

    boolean expects(int status) {
        return expectStatus.stream().anyMatch(range -> range.contains(status));
    }
}
