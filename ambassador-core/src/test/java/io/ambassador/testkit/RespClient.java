package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A blocking RESP2 client of a few lines. Not thread-safe. */
public final class RespClient implements AutoCloseable {
    /** An error reply. */
    public static final class ErrorReply extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ErrorReply(String message) {
            super(message);
        }
    }

    private final AutoCloseable connection;
    private final InputStream in;
    private final OutputStream out;

    private RespClient(AutoCloseable connection, InputStream in, OutputStream out) {
        this.connection = connection;
        this.in = new BufferedInputStream(in);
        this.out = out;
    }

    /** Connects within 5 s; a reply that takes more than a minute fails. */
    public static RespClient connect(SocketAddress address) {
        try {
            Socket socket = new Socket();
            socket.connect(address, 5_000);
            socket.setSoTimeout(60_000);
            socket.setTcpNoDelay(true);
            return new RespClient(socket, socket.getInputStream(), socket.getOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static RespClient connect(String host, int port) {
        return connect(new InetSocketAddress(host, port));
    }

    public static RespClient connectUnix(Path path) {
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(path));
            return new RespClient(channel, Channels.newInputStream(channel), Channels.newOutputStream(channel));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sends one command and waits for its reply.
     *
     * @return a String, a Long, a List of these, or null
     * @throws ErrorReply if the server answers an error
     */
    public Object command(String... arguments) {
        send(arguments);
        return reply();
    }

    public void send(String... arguments) {
        try {
            out.write(encode(arguments));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next reply. */
    public Object reply() {
        try {
            return read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command as a RESP array of bulk strings. */
    public static byte[] encode(String... arguments) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(("*" + arguments.length + "\r\n").getBytes(UTF_8));
        for (String argument : arguments) {
            byte[] raw = argument.getBytes(UTF_8);
            bytes.writeBytes(("$" + raw.length + "\r\n").getBytes(UTF_8));
            bytes.writeBytes(raw);
            bytes.writeBytes("\r\n".getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    /** Reads one RESP2 value, such as a reply, or a command as a List. */
    public static Object read(InputStream in) throws IOException {
        String line = line(in);
        String rest = line.substring(1);
        switch (line.charAt(0)) {
            case '+' -> {
                return rest;
            }
            case '-' -> throw new ErrorReply(rest);
            case ':' -> {
                return Long.valueOf(rest);
            }
            case '$' -> {
                int length = Integer.parseInt(rest);
                if (length < 0) {
                    return null;
                }
                byte[] bytes = in.readNBytes(length);
                line(in);
                return new String(bytes, UTF_8);
            }
            case '*' -> {
                int length = Integer.parseInt(rest);
                List<Object> elements = new ArrayList<>();
                for (int i = 0; i < length; i++) {
                    elements.add(read(in));
                }
                return length < 0 ? null : elements;
            }
            default -> throw new IOException("not RESP2: " + line);
        }
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("closed by the server after \"" + line.toString(UTF_8) + "\"");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(UTF_8);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
