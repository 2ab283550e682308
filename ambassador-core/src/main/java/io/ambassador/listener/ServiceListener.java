package io.ambassador.listener;

import io.ambassador.explain.EventKind;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.Service;
import io.ambassador.service.SocketFile;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.transport.Transport;
import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Objects;

/** One bound address. Whom it leads to may change while it is open. */
public final class ServiceListener {
    private final Transport transport;
    private final ListenAddress listen;
    private final Acceptor acceptor;
    private final Channel channel;
    private volatile boolean opened;

    private ServiceListener(Transport transport, ListenAddress listen, Acceptor acceptor, Channel channel) {
        this.transport = transport;
        this.listen = listen;
        this.acceptor = acceptor;
        this.channel = channel;
    }

    /**
     * Binds {@code address}; blocks until that is done. Clients wait in the kernel's queue until {@link #open}.
     *
     * @throws AmbassadorException naming service and address, if it cannot be bound
     */
    public static ServiceListener bind(Transport transport, ListenAddress address, Entrance entrance, AcceptGate gate)
            throws AmbassadorException {
        Service service = entrance.entry().service();
        refuseUnknowableUsers(transport, address, service);
        if (address instanceof ListenAddress.Unix socket && SocketFile.isOpenToOthers(socket.path())) {
            service.log()
                    .warn(
                            "Others may put a socket of their own in the place of {}, and serve our clients. Take away"
                                    + " their right to write to its directory, or set its sticky bit",
                            socket.path());
        }
        Acceptor acceptor = new Acceptor(entrance, gate);
        try {
            Duration userTimeout = service.spec().limits().userTimeout();
            Channel channel = address instanceof ListenAddress.Unix socket
                    ? SocketFile.bind(
                            socket.path(),
                            path -> transport.bind(UnixDomainSocketAddress.of(path), userTimeout, acceptor))
                    : transport.bind(address.socketAddress(), userTimeout, acceptor);
            return new ServiceListener(transport, address, acceptor, channel);
        } catch (IOException e) {
            throw new AmbassadorException(
                    "services." + service.name() + ": cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    /** @throws AmbassadorException if {@code service} wants to know more of its clients than {@code address} tells */
    public static void refuseUnknowableUsers(Transport transport, ListenAddress address, Service service)
            throws AmbassadorException {
        if (address instanceof ListenAddress.Unix
                && !service.spec().allow().uids().isEmpty()
                && !transport.knowsPeerUsers()) {
            throw new AmbassadorException("services." + service.name()
                    + ".allow.uids: cannot be held without epoll. Remove it, or run on Linux");
        }
    }

    /** Begins to accept. */
    public void open() {
        acceptor.open(channel);
        opened = true;
        service().journal().tell(EventKind.LISTENER_OPENED, name(), "");
    }

    private Service service() {
        return acceptor.entrance().entry().service();
    }

    /** Leads clients elsewhere from now on, without a moment in which there is nobody for them. */
    public void lead(Entrance to) {
        Service before = acceptor.entrance().entry().service();
        Service after = to.entry().service();
        acceptor.lead(to);
        if (!Objects.equals(
                before.spec().limits().userTimeout(), after.spec().limits().userTimeout())) {
            transport.changeUserTimeout(
                    channel, listen.socketAddress(), after.spec().limits().userTimeout());
        }
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
        if (opened) {
            service().journal().tell(EventKind.LISTENER_CLOSED, name(), "");
        }
        channel.close().awaitUninterruptibly();
        if (listen instanceof ListenAddress.Unix unix) {
            try {
                Files.deleteIfExists(unix.path());
            } catch (IOException e) {
                service().log().warn("The socket {} cannot be removed: {}", unix.path(), e.getMessage());
            }
        }
    }
}
