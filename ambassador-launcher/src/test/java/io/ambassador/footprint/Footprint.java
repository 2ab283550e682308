package io.ambassador.footprint;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how quickly a proxy starts and how much memory it keeps, for {@code bin/footprint}, which runs this file as it
 * is: it knows the JDK alone. Everything is on loopback; clients and backend are in this process.
 */
public final class Footprint {
    private static final int CLIENTS = 50;

    /** A way to start a proxy that listens on one port and relays to another. */
    record Variant(String name, List<String> command) {}

    private final Map<String, List<Double>> values = new LinkedHashMap<>();
    private final List<Variant> variants;
    private final int settleMillis;
    private final int backend;
    private final Path log;

    private Footprint(List<Variant> variants, int settleMillis, int backend, Path log) {
        this.variants = variants;
        this.settleMillis = settleMillis;
        this.backend = backend;
        this.log = log;
    }

    /**
     * {@code ROUNDS REQUESTS CONNECTIONS,… MILLIS csv|table FOLDER NAME=COMMAND…}; MILLIS pass before memory is looked at,
     * and a COMMAND has {listen}, {admin} and {backend} in it, or LISTEN and BACKEND in its environment.
     */
    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        int requests = Integer.parseInt(args[1]);
        int[] connections = Arrays.stream(args[2].split(","))
                .filter(word -> !word.isEmpty())
                .mapToInt(Integer::parseInt)
                .sorted()
                .toArray();
        int settleMillis = Integer.parseInt(args[3]);
        Path log = Path.of(args[5]).resolve("proxy.log");
        List<Variant> variants = new ArrayList<>();
        for (String word : Arrays.asList(args).subList(6, args.length)) {
            String[] parts = word.split("=", 2);
            variants.add(new Variant(parts[0], List.of(parts[1].split(" "))));
        }
        Footprint footprint = new Footprint(variants, settleMillis, Echo.start(), log);
        footprint.measureStarts(rounds);
        for (Variant variant : variants) {
            footprint.measureRequests(variant, requests);
            footprint.measureConnections(variant, connections);
        }
        footprint.print(args[4].equals("csv"));
        System.exit(0);
    }

    /** Every variant takes its turn in every round, so that what else happens on the machine meets all of them. */
    private void measureStarts(int rounds) throws Exception {
        for (int round = 0; round < rounds; round++) {
            for (Variant variant : variants) {
                long began = System.nanoTime();
                try (Proxy proxy = new Proxy(variant)) {
                    proxy.awaitFirstByte();
                    put("start", variant, "ms", (System.nanoTime() - began) / 1e6);
                    Thread.sleep(settleMillis);
                    put("idle", variant, "rss-mib", proxy.memory("Rss") / 1024);
                    put("idle", variant, "private-mib", proxy.memory("Private_Dirty") / 1024);
                }
            }
        }
    }

    /** One after the other on each of a few connections. */
    private void measureRequests(Variant variant, int requests) throws Exception {
        if (requests == 0) {
            return;
        }
        try (Proxy proxy = new Proxy(variant)) {
            proxy.awaitFirstByte();
            ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                all.add(clients.submit(() -> {
                    try (Socket client = proxy.connect()) {
                        byte[] request = new byte[64];
                        for (int each = 0; each < requests / CLIENTS; each++) {
                            exchange(client, request);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> client : all) {
                client.get();
            }
            clients.shutdown();
            Thread.sleep(settleMillis);
            put("after-" + requests + "-requests", variant, "rss-mib", proxy.memory("Rss") / 1024);
        }
    }

    /** Each has relayed a byte and is then left alone. */
    private void measureConnections(Variant variant, int[] counts) throws Exception {
        List<Socket> open = new ArrayList<>();
        try (Proxy proxy = new Proxy(variant)) {
            proxy.awaitFirstByte();
            Thread.sleep(settleMillis);
            double before = proxy.memory("Rss");
            for (int count : counts) {
                while (open.size() < count) {
                    Socket client = proxy.connect();
                    open.add(client);
                    exchange(client, new byte[1]);
                }
                Thread.sleep(settleMillis);
                double now = proxy.memory("Rss");
                put(count + "-connections", variant, "rss-mib", now / 1024);
                put(count + "-connections", variant, "kib-each", (now - before) / count);
            }
        } finally {
            for (Socket client : open) {
                client.close();
            }
        }
    }

    private static void exchange(Socket client, byte[] request) throws IOException {
        client.getOutputStream().write(request);
        if (client.getInputStream().readNBytes(request.length).length < request.length) {
            throw new IOException("a connection ended early");
        }
    }

    private void put(String row, Variant variant, String metric, double value) {
        values.computeIfAbsent(row + "," + variant.name() + "," + metric, key -> new ArrayList<>())
                .add(value);
    }

    private void print(boolean csv) {
        System.out.printf(
                csv
                        ? "test,row,variant,metric,value%n"
                        : "| | variant | | median | least | most |%n|---|---|---|---|---|---|%n");
        values.forEach((key, all) -> {
            List<Double> sorted = all.stream().sorted().toList();
            if (csv) {
                all.forEach(value -> System.out.printf("footprint,%s,%.2f%n", key, value));
                return;
            }
            System.out.printf(
                    "| %s | %.1f | %.1f | %.1f |%n",
                    key.replace(",", " | "),
                    sorted.get(sorted.size() / 2),
                    sorted.get(0),
                    sorted.get(sorted.size() - 1));
        });
    }

    /** One of a variant, running. */
    private final class Proxy implements AutoCloseable {
        private final int port = freePort();
        private final Process process;

        Proxy(Variant variant) throws IOException {
            String admin = Integer.toString(freePort());
            List<String> line = variant.command().stream()
                    .map(word -> word.replace("{listen}", Integer.toString(port))
                            .replace("{admin}", admin)
                            .replace("{backend}", Integer.toString(backend)))
                    .toList();
            ProcessBuilder builder =
                    new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment()
                    .putAll(Map.of("LISTEN", Integer.toString(port), "BACKEND", Integer.toString(backend)));
            process = builder.start();
        }

        void awaitFirstByte() throws IOException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (true) {
                try (Socket client = connect()) {
                    exchange(client, new byte[1]);
                    return;
                } catch (IOException e) {
                    if (!process.isAlive() || System.nanoTime() > deadline) {
                        throw new IOException(process.info() + " does not relay: " + Files.readString(log), e);
                    }
                    LockSupport.parkNanos(500_000);
                }
            }
        }

        Socket connect() throws IOException {
            Socket socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            socket.connect(new InetSocketAddress("127.0.0.1", port), 30_000);
            return socket;
        }

        /** In KiB. */
        double memory(String field) throws IOException {
            return Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup")).stream()
                    .filter(line -> line.startsWith(field + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }

        @Override
        public void close() throws InterruptedException {
            process.destroy();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        }
    }

    /** Sends back what it gets, on any number of connections, by one thread. */
    static final class Echo {
        private Echo() {}

        /** Returns its port. */
        static int start() throws IOException {
            Selector selector = Selector.open();
            ServerSocketChannel listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress("127.0.0.1", 0), 4096).configureBlocking(false);
            listener.register(selector, SelectionKey.OP_ACCEPT);
            Thread thread = new Thread(() -> serve(selector, listener), "echo");
            thread.setDaemon(true);
            thread.start();
            return listener.socket().getLocalPort();
        }

        private static void serve(Selector selector, ServerSocketChannel listener) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
            try {
                while (true) {
                    selector.select();
                    Iterator<SelectionKey> ready = selector.selectedKeys().iterator();
                    while (ready.hasNext()) {
                        SelectionKey key = ready.next();
                        ready.remove();
                        if (key.isAcceptable()) {
                            SocketChannel accepted = listener.accept();
                            accepted.configureBlocking(false).register(selector, SelectionKey.OP_READ);
                        } else {
                            echo((SocketChannel) key.channel(), buffer.clear());
                        }
                    }
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private static void echo(SocketChannel channel, ByteBuffer buffer) throws IOException {
            try {
                if (channel.read(buffer) < 0) {
                    channel.close();
                    return;
                }
                buffer.flip();
                while (buffer.hasRemaining()) {
                    channel.write(buffer); // a few bytes at a time: there is always room
                }
            } catch (IOException e) {
                channel.close(); // reset
            }
        }
    }
}
