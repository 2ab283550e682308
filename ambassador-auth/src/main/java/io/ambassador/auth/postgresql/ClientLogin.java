package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.function.Consumer;

/** Logs in for a client. */
final class ClientLogin extends BackendLogin<Void> {
    private final Consumer<Admission> admitted;
    private final Consumer<byte[]> declined;
    private final Consumer<String> unavailable;

    /**
     * @param declined takes the server's own words, for the client
     * @param unavailable takes the SQLSTATE of a server that cannot serve now
     */
    ClientLogin(
            Promise<Void> ready,
            Login login,
            LoginMeans means,
            Startup startup,
            Consumer<Admission> admitted,
            Consumer<byte[]> declined,
            Consumer<String> unavailable) {
        super(ready, login, means, startup);
        this.admitted = admitted;
        this.declined = declined;
        this.unavailable = unavailable;
    }

    @Override
    void loggedIn(ChannelHandlerContext ctx, Admission welcome, ServerRole role) {
        admitted.accept(welcome);
        succeed(ctx, null);
    }

    @Override
    void unavailable(String sqlState) {
        unavailable.accept(sqlState);
    }

    @Override
    void declined(ChannelHandlerContext ctx, Message error, LoginException reason) throws LoginException {
        declined.accept(error.encoded());
        throw reason;
    }
}
