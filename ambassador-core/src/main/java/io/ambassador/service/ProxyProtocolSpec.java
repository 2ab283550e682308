package io.ambassador.service;

import java.util.List;

/**
 * The PROXY protocol, which carries a client's address through a proxy.
 *
 * @param acceptFrom senders that must begin with a header; nobody else may
 * @param send what each endpoint is told
 * @see <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">The PROXY protocol, versions 1 and 2</a>
 */
public record ProxyProtocolSpec(List<Cidr> acceptFrom, Send send) {
    public static final ProxyProtocolSpec DEFAULT = new ProxyProtocolSpec(List.of(), Send.OFF);

    public ProxyProtocolSpec {
        acceptFrom = List.copyOf(acceptFrom);
    }

    public enum Send {
        OFF,
        V1,
        V2
    }
}
