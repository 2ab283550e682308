package io.ambassador.launcher.demo;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The authoritative DNS server of a {@link Zone}: UDP and TCP on one port of loopback. */
class DnsServer extends Server {
    private static final int MAX_QUERY = 4096;
    private static final int ATTEMPTS = 10;
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.demo");

    private final Zone zone = new Zone();
    private final DatagramSocket udp;

    DnsServer() throws IOException {
        super("dns");
        try {
            udp = new DatagramSocket(
                    new InetSocketAddress("127.0.0.1", address().getPort()));
        } catch (IOException e) {
            super.close();
            throw e;
        }
    }

    /** On a port that is free for both UDP and TCP, which may take more than one try. */
    static DnsServer create() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return new DnsServer();
            } catch (BindException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Edits the SRV record: the service is offered by {@code servers} alone. */
    void offer(List<? extends Server> servers) throws IOException {
        zone.offer(servers);
    }

    @Override
    void start() throws IOException {
        super.start();
        Thread thread = new Thread(this::answerDatagrams, "demo-dns-udp");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        udp.close();
        super.close();
    }

    private void answerDatagrams() {
        DatagramPacket packet = new DatagramPacket(new byte[MAX_QUERY], MAX_QUERY);
        while (!udp.isClosed()) {
            try {
                packet.setLength(MAX_QUERY);
                udp.receive(packet);
                byte[] reply = zone.answer(Arrays.copyOf(packet.getData(), packet.getLength()), true);
                udp.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
            } catch (IOException | RuntimeException e) { // such as a message that no parser expects
                if (!udp.isClosed()) {
                    LOG.debug("dns: a query was not answered: {}", e.toString());
                }
            }
        }
    }

    /** Queries by TCP have their length in front (RFC 1035, section 4.2.2). */
    @Override
    void serve(Socket client) throws IOException {
        DataInputStream in = new DataInputStream(client.getInputStream());
        DataOutputStream out = new DataOutputStream(client.getOutputStream());
        while (true) {
            try {
                byte[] reply = zone.answer(in.readNBytes(in.readUnsignedShort()), false);
                out.writeShort(reply.length);
                out.write(reply);
            } catch (EOFException e) {
                return;
            }
        }
    }
}
