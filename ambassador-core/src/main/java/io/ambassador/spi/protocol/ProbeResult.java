package io.ambassador.spi.protocol;

import io.ambassador.spi.PeerText;

/**
 * An endpoint's answer to a probe.
 *
 * @param healthy whether it can serve
 * @param detail one line for people, free of secrets; what a server said in it is escaped: {@code "HTTP 503"}
 */
public record ProbeResult(boolean healthy, ServerRole role, String detail) {
    public ProbeResult {
        detail = PeerText.escape(detail);
    }

    public static ProbeResult healthy(ServerRole role, String detail) {
        return new ProbeResult(true, role, detail);
    }

    public static ProbeResult unhealthy(String detail) {
        return new ProbeResult(false, ServerRole.UNKNOWN, detail);
    }
}
