package io.ambassador.faults;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A TCP server to run as a process of its own: says its number, then sends back what it receives. */
final class EchoBackend {
    private EchoBackend() {}

    /** @param args address, port, number */
    public static void main(String[] args) throws IOException {
        InetAddress address = InetAddress.getByName(args[0]);
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(address, Integer.parseInt(args[1])), 4096);
            int number = Integer.parseInt(args[2]);
            while (true) {
                Socket socket = listener.accept();
                Thread thread = new Thread(null, () -> serve(socket, number), "connection", 64 * 1024);
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    private static void serve(Socket accepted, int number) {
        try (Socket socket = accepted) {
            socket.setTcpNoDelay(true);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(number);
            socket.getInputStream().transferTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // into the process's output, where a failed test shows it
        }
    }
}
