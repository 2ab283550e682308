package com.example.postcard;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;

/** A probe that somebody else wrote: a server that asks {@code WHO?} is well. */
public final class PostcardProbeProvider implements ProbeProvider<PostcardProbeProvider.Config> {
    public record Config() {}

    @Override
    public String type() {
        return "postcard";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config();
    }

    @Override
    public Probe create(Config config) {
        return (result, endpoint, login) -> new Listen(result);
    }

    private static final class Listen extends Handshake<ProbeResult> {
        Listen(Promise<ProbeResult> result) {
            super(result);
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
            String line = PostcardProvider.line(in, 64);
            if (line == null) {
                return;
            }
            if (!line.equals("WHO?")) {
                throw new LoginException(LoginException.Kind.PROTOCOL, "The server speaks no postcard.");
            }
            succeed(ctx, ProbeResult.healthy(ServerRole.UNKNOWN, "asks who we are"));
        }
    }
}
