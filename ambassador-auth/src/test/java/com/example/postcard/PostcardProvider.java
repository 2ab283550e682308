package com.example.postcard;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.Promise;

/** A protocol that somebody else wrote: the server asks {@code WHO?}, and answers {@code IAM user password}. */
public final class PostcardProvider implements ProtocolProvider<PostcardProvider.Config> {
    /** @param polite whether refused clients are told why */
    public record Config(boolean polite) {}

    @Override
    public String type() {
        return "postcard";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config(settings.bool("polite", true));
    }

    @Override
    public Protocol create(Config config) {
        return client -> new PostcardSession(config);
    }

    @Override
    public boolean injectsCredentials() {
        return true;
    }

    private record PostcardSession(Config config) implements Session {
        @Override
        public Handshake<Void> login(Promise<Void> ready, Login login) {
            return login.hasSecret() ? new PostcardLogin(ready, login) : null;
        }

        @Override
        public ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
            if (!config.polite()) {
                return allocator.buffer(0, 0);
            }
            String words = "SORRY " + refusal.message() + " (" + refusal.correlationId() + ")";
            ByteBuf line = allocator.buffer();
            line.writeCharSequence(words.replaceAll("[\r\n]+", " ") + "\n", UTF_8);
            return line;
        }
    }

    /** One line, at most {@code max} bytes long, without its end; {@code null} until it is whole. */
    static String line(ByteBuf in, int max) {
        int length = in.bytesBefore((byte) '\n');
        if (length > max || length < 0 && in.readableBytes() > max) {
            return "a line that is too long";
        }
        if (length < 0) {
            return null;
        }
        String line = in.toString(in.readerIndex(), length, US_ASCII);
        in.skipBytes(length + 1);
        return line;
    }
}
