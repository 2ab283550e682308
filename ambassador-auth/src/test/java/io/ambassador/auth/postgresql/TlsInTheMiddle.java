package io.ambassador.auth.postgresql;

import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.LoopbackServer;
import io.ambassador.testkit.PgClient;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * Agrees to TLS with a certificate of its own and keeps all that it is told then. It may pass that on to a real server,
 * over TLS again, as somebody would who has got hold of a certificate for the server's name.
 */
final class TlsInTheMiddle extends LoopbackServer {
    private final SSLContext towardsClient;
    private final SSLContext towardsServer;
    private final Integer server;
    private final UnaryOperator<byte[]> answers;
    private final ByteArrayOutputStream told = new ByteArrayOutputStream();

    private TlsInTheMiddle(Certificates.Issued certificate, Integer server, UnaryOperator<byte[]> answers)
            throws Exception {
        super(bind());
        this.towardsClient = ((JdkSslContext) SslContextBuilder.forServer(
                                certificate.certificate().toFile(),
                                certificate.key().toFile())
                        .sslProvider(SslProvider.JDK)
                        .build())
                .context();
        this.towardsServer = ((JdkSslContext) SslContextBuilder.forClient()
                        .trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .sslProvider(SslProvider.JDK)
                        .build())
                .context();
        this.server = server;
        this.answers = answers;
        accept();
    }

    /** Only listens. */
    static TlsInTheMiddle alone(Certificates.Issued certificate) throws Exception {
        return new TlsInTheMiddle(certificate, null, bytes -> bytes);
    }

    /** @param answers what becomes of what the server at {@code port} says */
    static TlsInTheMiddle before(int port, Certificates.Issued certificate, UnaryOperator<byte[]> answers)
            throws Exception {
        return new TlsInTheMiddle(certificate, port, answers);
    }

    /** What came after the handshake, decrypted. */
    byte[] told() {
        synchronized (told) {
            return told.toByteArray();
        }
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        agree(socket);
        try (SSLSocket client = (SSLSocket)
                towardsClient.getSocketFactory().createSocket(socket, "127.0.0.1", socket.getPort(), true)) {
            client.setUseClientMode(false);
            client.startHandshake();
            if (server == null) {
                pass(client, OutputStream.nullOutputStream());
                return;
            }
            try (Socket plain = new Socket("127.0.0.1", server)) {
                request(plain);
                SSLSocket onward =
                        (SSLSocket) towardsServer.getSocketFactory().createSocket(plain, "127.0.0.1", server, true);
                start(() -> answer(onward, client), "answers");
                pass(client, onward.getOutputStream());
            }
        }
    }

    private static void agree(Socket socket) throws IOException {
        int code = ByteBuffer.wrap(socket.getInputStream().readNBytes(8)).getInt(4);
        if (code != PgClient.SSL_REQUEST) {
            throw new IOException("no request for TLS but " + code);
        }
        socket.getOutputStream().write('S');
    }

    private static void request(Socket socket) throws IOException {
        socket.getOutputStream().write(PgClient.untyped(PgClient.SSL_REQUEST));
        if (socket.getInputStream().read() != 'S') {
            throw new IOException("the server has no TLS");
        }
    }

    private void pass(SSLSocket client, OutputStream out) throws IOException {
        InputStream in = client.getInputStream();
        byte[] buffer = new byte[16 * 1024];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            synchronized (told) {
                told.write(buffer, 0, read);
            }
            out.write(buffer, 0, read);
        }
    }

    private void answer(SSLSocket from, SSLSocket to) {
        try {
            InputStream in = from.getInputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                to.getOutputStream().write(answers.apply(Arrays.copyOf(buffer, read)));
            }
            to.close();
        } catch (IOException ended) {
            reset(to);
        }
    }
}
