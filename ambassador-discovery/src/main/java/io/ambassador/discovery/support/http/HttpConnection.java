package io.ambassador.discovery.support.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.support.net.Connector;
import io.ambassador.spi.secret.Secret;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One connection, which serves one exchange after another. On the loop. */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private final HttpClient client;
    private final Channel channel;
    private @Nullable Exchange exchange;
    private boolean used; // before this exchange
    private boolean begun; // something of this exchange's answer has come
    private @Nullable HttpResponse head;
    private @Nullable Body body;

    HttpConnection(HttpClient client, Channel channel) {
        this.client = client;
        this.channel = channel;
    }

    boolean isUsable() {
        return channel.isActive() && exchange == null;
    }

    void close() {
        channel.close();
    }

    void serve(Exchange next) {
        exchange = next;
        begun = false;
        next.on(this);
        HttpRequest request = next.request;
        Secret secretBody = request.secretBody();
        byte[] body = secretBody == null ? request.body() : secretBody.reveal();
        DefaultFullHttpRequest message = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.valueOf(request.method()),
                request.target(),
                Unpooled.wrappedBuffer(body));
        message.headers().set(HttpHeaderNames.HOST, client.address().authority());
        if (body.length > 0) {
            message.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        }
        byte[] secret;
        try {
            request.headers().forEach(message.headers()::set);
            secret = secret(request, message);
        } catch (IllegalArgumentException e) {
            if (secretBody != null) {
                Arrays.fill(body, (byte) 0);
            }
            next.fail("a header holds a character that HTTP does not allow", null); // e might quote it
            return;
        }
        channel.writeAndFlush(message).addListener(written -> {
            Arrays.fill(secret, (byte) 0);
            if (secretBody != null) {
                Arrays.fill(body, (byte) 0);
            }
            if (!written.isSuccess()) {
                lost(written.cause());
            }
        });
    }

    /** Puts the secret header in; the bytes returned are to be wiped. */
    private static byte[] secret(HttpRequest request, DefaultFullHttpRequest message) {
        HttpRequest.SecretHeader header = request.secret();
        if (header == null) {
            return new byte[0];
        }
        byte[] value = header.value().reveal();
        byte[] prefix = header.prefix().getBytes(UTF_8);
        byte[] whole = Arrays.copyOf(prefix, prefix.length + value.length);
        System.arraycopy(value, 0, whole, prefix.length, value.length);
        Arrays.fill(value, (byte) 0);
        message.headers().set(header.name(), new AsciiString(whole, false));
        return whole;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (exchange == null || !(message instanceof HttpObject part)) {
                close(); // nobody asked for it
            } else if (part.decoderResult().isFailure()) {
                exchange.fail("its answer is not HTTP", part.decoderResult().cause());
            } else {
                take(exchange, part);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void take(Exchange current, HttpObject part) {
        begun = true;
        current.heard();
        if (part instanceof HttpResponse response) {
            boolean provisional = response.status().code() / 100 == 1;
            head = provisional ? null : response;
            boolean follow = current.lines != null && response.status().code() / 100 == 2;
            Lines lines = follow ? current.lines : null;
            body = provisional ? null : new Body(lines, current::isDone);
            if (lines != null) {
                lines.onOpen();
            }
        }
        HttpResponse response = head;
        Body into = body;
        if (response == null || into == null) {
            return;
        }
        if (part instanceof HttpContent content) {
            ByteBuf bytes = content.content();
            String problem = into.add(bytes);
            if (problem != null) {
                current.fail(problem, null);
                return;
            }
        }
        if (part instanceof LastHttpContent && !current.isDone()) {
            finish(current, response, into);
        }
    }

    private void finish(Exchange current, HttpResponse response, Body finished) {
        exchange = null;
        head = null;
        body = null;
        used = true;
        if (HttpUtil.isKeepAlive(response)) {
            client.idle(this);
        } else {
            close();
        }
        current.succeed(new HttpAnswer(response.status().code(), headers(response), finished.whole()));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        lost(null);
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Exchange current = exchange;
        if (cause instanceof RuntimeException && !(cause instanceof DecoderException) && current != null) {
            current.fail("its answer could not be handled: " + cause, cause);
        } else {
            lost(cause);
        }
        ctx.close();
    }

    private void lost(@Nullable Throwable cause) {
        Exchange current = exchange;
        exchange = null;
        client.gone(this);
        if (current == null) {
            return;
        }
        if (used && !begun && current.mayRepeat()) {
            client.start(current);
        } else {
            current.fail(Connector.reason(cause, begun ? "broke off its answer" : "closed the connection"), cause);
        }
    }

    private static Map<String, String> headers(HttpResponse response) {
        Map<String, String> headers = new HashMap<>();
        response.headers()
                .forEach(header -> headers.putIfAbsent(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
        return headers;
    }
}
