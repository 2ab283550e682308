package io.ambassador.upstream;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.Session;

/** {@code protocol = tcp}: bytes as they are, no login, and a reset for whoever cannot be served. */
public final class TcpProtocolProvider implements ProtocolProvider<TcpProtocolProvider.Tcp> {
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
    public Protocol create(Tcp config) {
        Session session = new Session() {};
        return client -> session;
    }

    @Override
    public boolean injectsCredentials() {
        return false;
    }
}
