package io.ambassador.testkit;

import java.io.IOException;
import java.net.Socket;

/** Sends back what it receives, and ends its side when the client ends its own. */
public final class EchoServer extends LoopbackServer {
    private EchoServer() {
        super(bind());
    }

    public static EchoServer start() {
        EchoServer server = new EchoServer();
        server.accept();
        return server;
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        socket.getInputStream().transferTo(socket.getOutputStream());
        socket.shutdownOutput();
    }
}
