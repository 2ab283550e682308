package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A PostgreSQL client on one blocking socket that sends and shows messages as they are; by default each read waits a
 * minute at most.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message formats</a>
 */
public final class PgClient implements AutoCloseable {
    public static final int VERSION_3_0 = 196_608;
    public static final int SSL_REQUEST = 80_877_103;
    public static final int GSSENC_REQUEST = 80_877_104;
    public static final int CANCEL_REQUEST = 80_877_102;

    /** @param type {@code 'E'} for an error, {@code 'Z'} for ready … */
    public record Message(char type, byte[] body) {
        public int number(int offset) {
            return ByteBuffer.wrap(body).getInt(offset);
        }

        public String text() {
            return new String(body, UTF_8);
        }

        /** A field of an error or notice by its code, {@code 'C'} for the SQLSTATE; {@code null} if there is none. */
        public String field(char code) {
            for (String field : text().split("\0")) {
                if (!field.isEmpty() && field.charAt(0) == code) {
                    return field.substring(1);
                }
            }
            return null;
        }

        /** The first column of a row, as text. */
        public String value() {
            return new String(body, 6, number(2), UTF_8);
        }

        @Override
        public String toString() {
            return type + " " + text().replace('\0', '|');
        }
    }

    private final Socket socket;
    private final DataInputStream in;

    private PgClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    public static PgClient connect(InetSocketAddress address) {
        return connect(address, Duration.ofMinutes(1));
    }

    /** @param patience how long a read waits */
    public static PgClient connect(InetSocketAddress address, Duration patience) {
        try {
            Socket socket = new Socket(address.getAddress(), address.getPort());
            socket.setSoTimeout((int) patience.toMillis());
            socket.setTcpNoDelay(true);
            return new PgClient(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The opening of a session: names and values in turn. */
    public static byte[] startup(String... parameters) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String parameter : parameters) {
            body.writeBytes(parameter.getBytes(UTF_8));
            body.write(0);
        }
        body.write(0);
        return untyped(VERSION_3_0, body.toByteArray());
    }

    /** A message without a type, as openings are. */
    public static byte[] untyped(int code, byte... rest) {
        return ByteBuffer.allocate(8 + rest.length)
                .putInt(8 + rest.length)
                .putInt(code)
                .put(rest)
                .array();
    }

    public static byte[] cancel(int pid, byte... key) {
        return untyped(
                CANCEL_REQUEST,
                ByteBuffer.allocate(4 + key.length).putInt(pid).put(key).array());
    }

    public static byte[] typed(char type, byte... body) {
        return ByteBuffer.allocate(5 + body.length)
                .put((byte) type)
                .putInt(4 + body.length)
                .put(body)
                .array();
    }

    public static byte[] query(String sql) {
        return typed('Q', (sql + "\0").getBytes(UTF_8));
    }

    public PgClient send(byte... bytes) {
        try {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.write(bytes);
            out.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The one byte that answers a request for encryption. */
    public char answer() {
        try {
            return (char) in.readUnsignedByte();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Message read() {
        try {
            char type = (char) in.readUnsignedByte();
            byte[] body = new byte[in.readInt() - 4];
            in.readFully(body);
            return new Message(type, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Everything up to and with the first message of {@code type}; an error ends it too. */
    public List<Message> readTo(char type) {
        List<Message> messages = new ArrayList<>();
        Message last;
        do {
            last = read();
            messages.add(last);
        } while (last.type() != type && last.type() != 'E');
        return messages;
    }

    /** What is still to come up to the end of the stream. */
    public byte[] rest() {
        try {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the server closes, in order or not, without another byte. */
    public boolean isClosedByServer() {
        try {
            return in.read() < 0;
        } catch (SocketException reset) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** FIN: nothing more will be sent. */
    public void finish() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
