package io.ambassador.upstream;

import io.ambassador.service.ProxyProtocolSpec.Send;
import io.netty.channel.Channel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Tells an endpoint where a client comes from, before anything else is sent. */
final class ProxyHeader {
    private ProxyHeader() {}

    /** @param destination where the client was going; both addresses are unknown unless both are IP of one family */
    static void write(Channel backend, Send version, SocketAddress client, SocketAddress destination) {
        backend.pipeline().addFirst("proxy-protocol", HAProxyMessageEncoder.INSTANCE);
        backend.writeAndFlush(message(version, client, destination), backend.voidPromise());
        backend.pipeline().remove(HAProxyMessageEncoder.INSTANCE);
    }

    private static HAProxyMessage message(Send send, SocketAddress client, SocketAddress destination) {
        HAProxyProtocolVersion version = send == Send.V1 ? HAProxyProtocolVersion.V1 : HAProxyProtocolVersion.V2;
        if (client instanceof InetSocketAddress from
                && destination instanceof InetSocketAddress to
                && from.getAddress() instanceof Inet4Address == to.getAddress() instanceof Inet4Address) {
            return new HAProxyMessage(
                    version,
                    HAProxyCommand.PROXY,
                    from.getAddress() instanceof Inet4Address
                            ? HAProxyProxiedProtocol.TCP4
                            : HAProxyProxiedProtocol.TCP6,
                    from.getAddress().getHostAddress(),
                    to.getAddress().getHostAddress(),
                    from.getPort(),
                    to.getPort());
        }
        return new HAProxyMessage(
                version,
                send == Send.V1 ? HAProxyCommand.PROXY : HAProxyCommand.LOCAL,
                HAProxyProxiedProtocol.UNKNOWN,
                null,
                null,
                0,
                0);
    }
}
