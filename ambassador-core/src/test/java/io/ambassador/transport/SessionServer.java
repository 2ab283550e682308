package io.ambassador.transport;

import io.ambassador.testkit.LoopbackServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** A TLS server that remembers who its clients say they are, and whom they asked for. */
final class SessionServer extends LoopbackServer {
    private final boolean needClientCertificate;
    private final List<String> clients = new CopyOnWriteArrayList<>();
    private final List<String> names = new CopyOnWriteArrayList<>();

    private SessionServer(ServerSocket listener, boolean needClientCertificate) {
        super(listener);
        this.needClientCertificate = needClientCertificate;
    }

    static SessionServer start(SSLContext context, boolean needClientCertificate) throws IOException {
        SSLServerSocket listener = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        listener.setNeedClientAuth(needClientCertificate);
        SessionServer server = new SessionServer(listener, needClientCertificate);
        server.accept();
        return server;
    }

    /** The subject of each client that got through. */
    List<String> clients() {
        return clients;
    }

    /** The server name each client asked for. */
    List<String> names() {
        return names;
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        SSLSocket tls = (SSLSocket) socket;
        tls.startHandshake();
        ExtendedSSLSession session = (ExtendedSSLSession) tls.getSession();
        names.add(
                session.getRequestedServerNames().isEmpty()
                        ? "none"
                        : ((SNIHostName) session.getRequestedServerNames().get(0)).getAsciiName());
        if (needClientCertificate) {
            clients.add(session.getPeerPrincipal().getName());
        }
        while (tls.getInputStream().read() >= 0) {
            // until the client goes
        }
    }
}
