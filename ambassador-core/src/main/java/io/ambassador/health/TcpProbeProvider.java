package io.ambassador.health;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;

/** {@code health.probe = tcp}: an endpoint that can be connected to can serve. */
public final class TcpProbeProvider implements ProbeProvider<TcpProbeProvider.Tcp> {
    /** Has no settings. */
    public record Tcp() {}

    @Override
    public String type() {
        return "tcp";
    }

    @Override
    public Tcp parse(Settings settings) {
        return new Tcp();
    }

    @Override
    public Probe create(Tcp config) {
        return (result, endpoint, login) -> null;
    }
}
