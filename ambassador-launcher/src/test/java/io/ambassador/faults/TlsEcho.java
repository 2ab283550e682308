package io.ambassador.faults;

import io.ambassador.testkit.LoopbackServer;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** An {@link EchoBackend} behind TLS, whose certificate and sessions may be changed while it runs. */
final class TlsEcho extends LoopbackServer {
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AtomicInteger resumed = new AtomicInteger();
    private volatile SSLContext context;

    private TlsEcho(SSLContext context) {
        super(bind());
        this.context = context;
    }

    static TlsEcho start(SSLContext context) {
        TlsEcho server = new TlsEcho(context);
        server.accept();
        return server;
    }

    /** From the next connection on. */
    void use(SSLContext other) {
        context = other;
    }

    /** Handshakes that came to their end. */
    int handshakes() {
        return handshakes.get();
    }

    /** Those of them that went on with an older session. */
    int resumed() {
        return resumed.get();
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        long began = System.currentTimeMillis();
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, null, false);
        tls.setUseClientMode(false);
        tls.startHandshake();
        handshakes.incrementAndGet();
        if (tls.getSession().getCreationTime() < began) {
            resumed.incrementAndGet();
        }
        DataOutputStream out = new DataOutputStream(tls.getOutputStream());
        out.writeInt(1);
        tls.getInputStream().transferTo(out);
        tls.close();
    }
}
