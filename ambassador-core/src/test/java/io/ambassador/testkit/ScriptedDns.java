package io.ambassador.testkit;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * A DNS server in this process, UDP and TCP on one free port of 127.0.0.1, for what no real server can be made to say:
 * circles of CNAMEs, records that do not match, any error, forged replies. A question without a script gets NXDOMAIN.
 */
public final class ScriptedDns implements AutoCloseable {
    /**
     * A question as it came in.
     *
     * @param nanos when, by {@link System#nanoTime()}
     */
    public record Asked(String type, String name, boolean tcp, boolean edns, int id, int clientPort, long nanos) {}

    /** Sends datagrams to a client that has just asked. */
    public interface Forger {
        /**
         * @param query the client's query as it came in
         * @param own sends from the server's own address
         */
        void forge(byte[] query, SocketAddress client, Sender own) throws IOException;
    }

    /** Sends one datagram. */
    public interface Sender {
        void send(byte[] datagram, SocketAddress to) throws IOException;
    }

    private static final int HEADER = 12;
    private static final Map<Integer, String> TYPES = Map.of(1, "A", 28, "AAAA", 33, "SRV", 16, "TXT", 5, "CNAME");

    private final Map<String, Function<Asked, DnsReply>> scripts = new ConcurrentHashMap<>();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private volatile Forger forger = (query, client, own) -> {};

    private ScriptedDns(DatagramSocket udp, ServerSocket tcp) {
        this.udp = udp;
        this.tcp = tcp;
    }

    public static ScriptedDns start() {
        for (int tries = 1; ; tries++) {
            try {
                return open();
            } catch (BindException e) {
                if (tries == 10) { // the port that TCP was given is in use for UDP, again and again
                    throw new UncheckedIOException(e);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static ScriptedDns open() throws IOException {
        ServerSocket tcp = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        try {
            DatagramSocket udp = new DatagramSocket(tcp.getLocalPort(), InetAddress.getLoopbackAddress());
            ScriptedDns dns = new ScriptedDns(udp, tcp);
            dns.runUntilClosed("scripted-dns-udp", dns::answerUdp);
            dns.runUntilClosed("scripted-dns-tcp", dns::answerTcp);
            return dns;
        } catch (IOException e) {
            tcp.close();
            throw e;
        }
    }

    /** {@code 127.0.0.1:port}, as settings name a resolver. */
    public String address() {
        return "127.0.0.1:" + udp.getLocalPort();
    }

    /** Answers questions for {@code type} (as {@code SRV}) and {@code name} so from now on. */
    public ScriptedDns on(String type, String name, DnsReply reply) {
        return on(type, name, question -> reply);
    }

    /** The same, with a reply that depends on the question. */
    public ScriptedDns on(String type, String name, Function<Asked, DnsReply> script) {
        scripts.put(key(type, name), script);
        return this;
    }

    /** Answers questions for {@code type} and {@code name} with NXDOMAIN again. */
    public ScriptedDns remove(String type, String name) {
        scripts.remove(key(type, name));
        return this;
    }

    /** Called for each query by UDP, before its reply. */
    public void forger(Forger forger) {
        this.forger = forger;
    }

    /** Every question so far. */
    public List<Asked> asked() {
        return List.copyOf(asked);
    }

    /** Questions so far for {@code type} and {@code name}. */
    public List<Asked> asked(String type, String name) {
        return asked.stream()
                .filter(each -> key(each.type(), each.name()).equals(key(type, name)))
                .toList();
    }

    @Override
    public void close() {
        udp.close();
        try {
            tcp.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private void runUntilClosed(String name, Step step) {
        Thread thread = new Thread(
                () -> {
                    while (!udp.isClosed()) {
                        try {
                            step.run();
                        } catch (IOException e) {
                            if (!udp.isClosed()) {
                                System.err.println(name + ": " + e);
                            }
                        }
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    private void answerUdp() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
        udp.receive(packet);
        byte[] query = Arrays.copyOf(packet.getData(), packet.getLength());
        forger.forge(
                query,
                packet.getSocketAddress(),
                (datagram, to) -> udp.send(new DatagramPacket(datagram, datagram.length, to)));
        DnsReply reply = reply(query, false, packet.getPort());
        if (!reply.isSilent()) {
            byte[] wire = reply.wire(id(query), question(query));
            udp.send(new DatagramPacket(wire, wire.length, packet.getSocketAddress()));
        }
    }

    private void answerTcp() throws IOException {
        try (Socket client = tcp.accept()) {
            client.setSoTimeout(5_000);
            DataInputStream in = new DataInputStream(client.getInputStream());
            byte[] query = in.readNBytes(in.readUnsignedShort());
            DnsReply reply = reply(query, true, ((InetSocketAddress) client.getRemoteSocketAddress()).getPort());
            if (!reply.isSilent()) {
                byte[] wire = reply.wire(id(query), question(query));
                DataOutputStream out = new DataOutputStream(client.getOutputStream());
                out.writeShort(wire.length);
                out.write(wire);
                out.flush();
            }
        }
    }

    private DnsReply reply(byte[] query, boolean overTcp, int clientPort) {
        byte[] question = question(query);
        int type = (question[question.length - 4] & 0xff) << 8 | question[question.length - 3] & 0xff;
        boolean edns = query[11] > 0; // its only additional record
        Asked each = new Asked(
                TYPES.getOrDefault(type, "TYPE" + type),
                name(question),
                overTcp,
                edns,
                id(query),
                clientPort,
                System.nanoTime());
        asked.add(each);
        return scripts.getOrDefault(key(each.type(), each.name()), none -> DnsReply.noSuchName())
                .apply(each);
    }

    private static int id(byte[] query) {
        return (query[0] & 0xff) << 8 | query[1] & 0xff;
    }

    private static byte[] question(byte[] query) {
        int end = HEADER;
        while (query[end] != 0) {
            end += 1 + query[end];
        }
        return Arrays.copyOfRange(query, HEADER, end + 5);
    }

    private static String name(byte[] question) {
        StringBuilder name = new StringBuilder();
        for (int at = 0; question[at] != 0; at += 1 + question[at]) {
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(question, at + 1, question[at], StandardCharsets.ISO_8859_1));
        }
        return name.toString();
    }

    private static String key(String type, String name) {
        return type + " " + name.toLowerCase(Locale.ROOT);
    }
}
