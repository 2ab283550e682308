package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A client that knows an address and nothing else. Connects within 3 s and waits 5 s for a reply. Not thread-safe. */
final class Client implements AutoCloseable {
    private static final int CONNECT_MILLIS = 3_000;
    private static final int READ_MILLIS = 5_000;
    private static final int MAX_PAGE = 64 * 1024;
    private static final Pattern SERVER_NAME = Pattern.compile("server_name:(\\S+)");
    private static final Pattern HELLO = Pattern.compile("HTTP/1.1 200 .*Hello from (\\S+)\n", Pattern.DOTALL);

    private final Socket socket = new Socket();
    private final InputStream in;

    Client(InetSocketAddress address) throws IOException {
        try {
            socket.connect(address, CONNECT_MILLIS);
            socket.setSoTimeout(READ_MILLIS);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Over a new connection: which Redis backend answers at {@code address}. */
    static String redisAt(InetSocketAddress address) throws IOException {
        try (Client client = new Client(address)) {
            return client.server();
        }
    }

    /** Over a new connection: which HTTP backend answers at {@code address}. */
    static String httpAt(InetSocketAddress address) throws IOException {
        try (Client client = new Client(address)) {
            String request = "GET / HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n";
            client.socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            Matcher page = HELLO.matcher(new String(client.in.readNBytes(MAX_PAGE), ISO_8859_1));
            if (!page.matches()) {
                throw new IOException("the reply is none of a demo backend");
            }
            return page.group(1);
        }
    }

    /** The Redis backend at the other end. */
    String server() throws IOException {
        Matcher name = SERVER_NAME.matcher(String.valueOf(call("INFO")));
        if (!name.find()) {
            throw new IOException("INFO names no server");
        }
        return name.group(1);
    }

    /**
     * Sends a Redis command and waits for its reply.
     *
     * @throws Resp.ErrorReply if the server answers an error
     */
    @Nullable String call(String... command) throws IOException {
        byte[][] bytes = new byte[command.length][];
        for (int i = 0; i < command.length; i++) {
            bytes[i] = command[i].getBytes(ISO_8859_1);
        }
        return call(bytes);
    }

    @Nullable String call(byte[]... command) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        RespWriter writer = new RespWriter(request);
        writer.array(command.length);
        for (byte[] argument : command) {
            writer.bulk(argument);
        }
        socket.getOutputStream().write(request.toByteArray());
        return Resp.reply(in);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
