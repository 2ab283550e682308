package com.example.postcard;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.secret.Secret;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.Arrays;
import java.util.List;

final class PostcardLogin extends Handshake<Void> {
    private final Login login;
    private boolean introduced;

    PostcardLogin(Promise<Void> ready, Login login) {
        super(ready);
        this.login = login;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        String line = PostcardProvider.line(in, 64);
        if (line == null) {
            return;
        }
        if (!introduced && line.equals("WHO?")) {
            introduce(ctx);
        } else if (introduced && line.equals("WELCOME")) {
            succeed(ctx, null);
        } else if (introduced && line.equals("GO AWAY")) {
            throw new LoginException(LoginException.Kind.REFUSED, "The server does not want us.");
        } else {
            throw new LoginException(LoginException.Kind.PROTOCOL, "The server speaks no postcard.");
        }
    }

    private void introduce(ChannelHandlerContext ctx) throws LoginException {
        introduced = true;
        if (!login.confidential()) {
            throw new LoginException(LoginException.Kind.PROTOCOL, "Anybody can read a postcard. Enable tls.");
        }
        ByteBuf card = Unpooled.directBuffer(64 * 1024);
        card.writeCharSequence("IAM " + login.username() + " ", UTF_8);
        try (Secret secret = login.secret()) {
            byte[] password = secret.reveal();
            card.writeBytes(password).writeByte('\n');
            Arrays.fill(password, (byte) 0);
        }
        ctx.writeAndFlush(card.retain()).addListener(written -> {
            card.setZero(0, card.capacity());
            card.release();
        });
    }
}
