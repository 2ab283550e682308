package io.ambassador.health;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Sends one request and judges the final response by its status; the body is left unread.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-4">RFC 9112, section 4, status line</a>
 */
final class HttpProbeHandler extends Handshake<ProbeResult> {
    private static final int MAX_HEAD = 16 * 1024; // of the response, interim responses included
    private static final int NOT_HTTP = -1;

    private final HttpProbeConfig config;
    private final Endpoint endpoint;
    private int headBytes;
    private int status;

    HttpProbeHandler(Promise<ProbeResult> result, HttpProbeConfig config, Endpoint endpoint) {
        super(result);
        this.config = config;
        this.endpoint = endpoint;
    }

    @Override
    protected void begin(ChannelHandlerContext ctx) {
        String request = config.method() + " " + config.path() + " HTTP/1.1\r\nHost: "
                + (config.host().isEmpty() ? endpoint.address() : config.host())
                + "\r\nUser-Agent: ambassador-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        ctx.writeAndFlush(ByteBufUtil.writeUtf8(ctx.alloc(), request), ctx.voidPromise());
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int end = in.bytesBefore((byte) '\n');
        if (end < 0) {
            if (headBytes + in.readableBytes() > MAX_HEAD) {
                succeed(ctx, ProbeResult.unhealthy("HTTP head of more than 16 KiB"));
            }
            return;
        }
        String line = in.readString(end, StandardCharsets.ISO_8859_1).stripTrailing();
        in.skipBytes(1);
        headBytes += end + 1;
        if (headBytes > MAX_HEAD) {
            succeed(ctx, ProbeResult.unhealthy("HTTP head of more than 16 KiB"));
        } else if (status == 0) {
            status = status(line);
            if (status == NOT_HTTP) {
                succeed(ctx, ProbeResult.unhealthy("not an HTTP/1.1 answer"));
            }
        } else if (line.isEmpty()) {
            endOfHead(ctx);
        }
    }

    private void endOfHead(ChannelHandlerContext ctx) {
        if (status < 200) { // interim: the final response follows
            status = 0;
        } else if (config.expects(status)) {
            succeed(ctx, ProbeResult.healthy(ServerRole.UNKNOWN, "HTTP " + status));
        } else {
            succeed(ctx, ProbeResult.unhealthy("HTTP " + status));
        }
    }

    private static int status(String line) {
        if (!line.matches("HTTP/1\\.[01] [1-5]\\d\\d( .*)?")) {
            return NOT_HTTP;
        }
        return Integer.parseInt(line.substring(9, 12));
    }
}
