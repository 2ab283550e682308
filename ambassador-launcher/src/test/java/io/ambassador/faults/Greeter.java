package io.ambassador.faults;

import io.ambassador.testkit.LoopbackServer;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** Says its number and waits for the client to leave. */
final class Greeter extends LoopbackServer {
    private final int number;

    private Greeter(int number, InetAddress address) {
        super(bind(address));
        this.number = number;
    }

    static Greeter start(int number) {
        return start(number, InetAddress.getLoopbackAddress());
    }

    /** @param address of this machine's */
    static Greeter start(int number, InetAddress address) {
        Greeter greeter = new Greeter(number, address);
        greeter.accept();
        return greeter;
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        new DataOutputStream(socket.getOutputStream()).writeInt(number);
        socket.getInputStream().transferTo(socket.getOutputStream());
    }
}
