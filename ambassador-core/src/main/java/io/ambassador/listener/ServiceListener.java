package io.ambassador.listener;

import io.ambassador.explain.EventKind;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.Service;
import io.ambassador.service.SocketFile;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.routing.Router;
import io.ambassador.transport.Transport;
import io.ambassador.upstream.Gateway;
import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;

/** The bound addresses of one service. */
public final class ServiceListener {
    private final Service service;
    private final ListenAddress listen;
    private final Channel channel;

    private ServiceListener(Service service, ListenAddress listen, Channel channel) {
        this.service = service;
        this.listen = listen;
        this.channel = channel;
    }

    /**
     * Binds {@code address}; blocks until that is done.
     *
     * @throws AmbassadorException naming service and address, if it cannot be bound
     */
    public static ServiceListener bind(
            Transport transport, ListenAddress address, Router router, Gateway gateway, AcceptGate gate)
            throws AmbassadorException {
        Service service = gateway.service();
        boolean unix = address instanceof ListenAddress.Unix;
        if (unix && !service.spec().allow().uids().isEmpty() && !transport.knowsPeerUsers()) {
            throw new AmbassadorException("services." + service.name()
                    + ".allow.uids: cannot be held without epoll. Remove it, or run on Linux");
        }
        if (address instanceof ListenAddress.Unix socket && SocketFile.isOpenToOthers(socket.path())) {
            service.log()
                    .warn(
                            "Others may put a socket of their own in the place of {}, and serve our clients. Take away"
                                    + " their right to write to its directory, or set its sticky bit",
                            socket.path());
        }
        Acceptor acceptor = new Acceptor(router, Map.of(service.name(), gateway), gateway, gate);
        try {
            Duration userTimeout = service.spec().limits().userTimeout();
            Channel channel = address instanceof ListenAddress.Unix socket
                    ? SocketFile.bind(
                            socket.path(),
                            path -> transport.bind(UnixDomainSocketAddress.of(path), userTimeout, acceptor))
                    : transport.bind(address.socketAddress(), userTimeout, acceptor);
            gate.guard(channel);
            ServiceListener listener = new ServiceListener(service, address, channel);
            service.journal().tell(EventKind.LISTENER_OPENED, listener.name(), "");
            return listener;
        } catch (IOException e) {
            throw new AmbassadorException(
                    "services." + service.name() + ": cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    public String service() {
        return service.name();
    }

    /** Where it is bound, with the port that was given for port 0. */
    public SocketAddress address() {
        return listen instanceof ListenAddress.Unix ? listen.socketAddress() : channel.localAddress();
    }

    private String name() {
        return listen instanceof ListenAddress.Unix
                ? listen.toString()
                : NetUtil.toSocketAddressString((InetSocketAddress) channel.localAddress());
    }

    /** Stops accepting; blocks until that is done. */
    public void close() {
        service.journal().tell(EventKind.LISTENER_CLOSED, name(), "");
        channel.close().awaitUninterruptibly();
        if (listen instanceof ListenAddress.Unix unix) {
            try {
                Files.deleteIfExists(unix.path());
            } catch (IOException e) {
                service.log().warn("The socket {} cannot be removed: {}", unix.path(), e.getMessage());
            }
        }
    }
}
