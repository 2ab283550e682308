package io.ambassador.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.explain.EndReason;
import io.netty.channel.ConnectTimeoutException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import org.junit.jupiter.api.Test;

class FailuresTest {
    @Test
    void failuresToConnectAreToldApart() {
        assertEquals(EndReason.CONNECT_REFUSED, Failures.reason(new ConnectException("Connection refused")));
        assertEquals(EndReason.CONNECT_TIMEOUT, Failures.reason(new ConnectTimeoutException("after 1 s")));
        assertEquals(EndReason.CONNECT_TIMEOUT, Failures.reason(new ConnectException("Connection timed out")));
        assertEquals(EndReason.CONNECT_FAILED, Failures.reason(new NoRouteToHostException("No route to host")));
        assertEquals(EndReason.NO_RESOURCES, Failures.reason(new BindException("Cannot assign requested address")));
        assertEquals(EndReason.NO_RESOURCES, Failures.reason(new IOException("socket: Too many open files")));
        assertEquals(EndReason.TLS_FAILED, Failures.reason(new TlsException("not trusted", false)));
        assertEquals(EndReason.TLS_TIMEOUT, Failures.reason(new TlsException("late", true)));
    }
}
