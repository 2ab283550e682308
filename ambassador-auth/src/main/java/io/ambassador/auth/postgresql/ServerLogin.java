package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;

/** Logs a client's session in at a server; ends when the server is ready for queries. */
final class ServerLogin extends ServerHandshake<Void> {
    private final PostgresqlSession session;
    private final LoginExchange exchange;
    private final Login login;

    ServerLogin(Promise<Void> ready, PostgresqlSession session, LoginExchange exchange, Login login) {
        super(ready, login);
        this.session = session;
        this.exchange = exchange;
        this.login = login;
    }

    @Override
    void connected(ChannelHandlerContext ctx) {
        exchange.start(ctx);
    }

    @Override
    void read(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        boolean ready;
        try {
            ready = exchange.read(ctx, in, cause -> fail(ctx, cause));
        } catch (LoginException e) {
            session.serverSaid(exchange.error());
            throw e;
        }
        if (ready) {
            login.serverRole(exchange.role());
            session.loggedIn(exchange, login.endpoint());
            succeed(ctx, null);
        }
    }
}
