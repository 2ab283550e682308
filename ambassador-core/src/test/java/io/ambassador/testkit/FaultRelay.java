package io.ambassador.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A TCP relay between a client and a server that can do what bad networks do. By itself it is faithful: bytes, half
 * closes (FIN) and resets (RST) pass as they came. Faults are set for each direction, and hold for open connections
 * too. Everything that passes is recorded.
 */
public final class FaultRelay extends LoopbackServer {
    /** The way bytes go. */
    public enum Direction {
        TO_SERVER,
        TO_CLIENT
    }

    private final InetSocketAddress target;
    private final FaultyLine toServer = new FaultyLine();
    private final FaultyLine toClient = new FaultyLine();
    private final List<Pair> pairs = new CopyOnWriteArrayList<>();

    private FaultRelay(InetSocketAddress target) {
        super(bind());
        this.target = target;
    }

    public static FaultRelay to(InetSocketAddress target) {
        FaultRelay relay = new FaultRelay(target);
        relay.accept();
        return relay;
    }

    public static FaultRelay to(int port) {
        return to(new InetSocketAddress("127.0.0.1", port));
    }

    /** Every byte arrives this much later; order and rate stay as they are. */
    public FaultRelay latency(Direction direction, Duration latency) {
        line(direction).latency(latency);
        return this;
    }

    /** Bytes are written in pieces of {@code size}, far enough apart to arrive one by one; 0 stops slicing. */
    public FaultRelay slice(Direction direction, int size) {
        line(direction).slice(size);
        return this;
    }

    /** At most so many bytes a second on each connection; 0 lifts the limit. */
    public FaultRelay bandwidth(Direction direction, long bytesPerSecond) {
        line(direction).bandwidth(bytesPerSecond);
        return this;
    }

    /** Nothing passes, neither bytes nor FIN, until {@link #resume}; the relay stops reading, so that senders block. */
    public FaultRelay stall(Direction direction) {
        line(direction).stall(true);
        return this;
    }

    public FaultRelay resume(Direction direction) {
        line(direction).stall(false);
        return this;
    }

    /** Cuts every open connection with RST on both sides. */
    public void reset() {
        pairs.forEach(this::reset);
    }

    /** Sends FIN that way on every open connection; what the sender still sends is answered with RST. */
    public void finish(Direction direction) throws IOException {
        for (Pair pair : pairs) {
            (direction == Direction.TO_SERVER ? pair.server : pair.client).shutdownOutput();
        }
    }

    /** Every byte passed on so far, of all connections in the order they were written. */
    public byte[] recorded(Direction direction) {
        return line(direction).recorded();
    }

    @Override
    public void close() {
        toServer.stall(false);
        toClient.stall(false);
        reset();
        super.close();
    }

    @Override
    protected void serve(Socket client) throws IOException {
        Socket server = new Socket();
        try {
            server.connect(target, 5_000);
            server.setTcpNoDelay(true);
        } catch (IOException e) {
            reset(client); // the nearest to a refusal that is left after accepting
            throw e;
        }
        Pair pair = new Pair(client, server, new CopyOnWriteArrayList<>());
        pairs.add(pair);
        try {
            FaultyLine.Stream forth = toServer.new Stream();
            FaultyLine.Stream back = toClient.new Stream();
            pair.threads.add(start(() -> read(client, toServer, forth), "read-client"));
            pair.threads.add(start(() -> deliver(pair, server, forth), "write-server"));
            pair.threads.add(start(() -> read(server, toClient, back), "read-server"));
            pair.threads.add(start(() -> deliver(pair, client, back), "write-client"));
            for (Thread thread : pair.threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            pairs.remove(pair);
            server.close();
        }
    }

    private void read(Socket from, FaultyLine line, FaultyLine.Stream stream) {
        try {
            pass(from, line, stream);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pass(Socket from, FaultyLine line, FaultyLine.Stream stream) throws InterruptedException {
        try {
            InputStream in = from.getInputStream();
            byte[] buffer = new byte[16 * 1024];
            line.awaitFlow();
            int read = in.read(buffer);
            while (read >= 0) {
                stream.send(buffer, read);
                line.awaitFlow();
                read = in.read(buffer);
            }
            stream.end();
        } catch (IOException e) {
            stream.reset(); // what was cut on one side is cut on the other, after the bytes before
        }
    }

    private void deliver(Pair pair, Socket to, FaultyLine.Stream stream) {
        try {
            stream.deliver(to);
        } catch (IOException e) {
            reset(pair);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void reset(Pair pair) {
        reset(pair.client);
        reset(pair.server);
        pair.threads.forEach(Thread::interrupt);
    }

    private FaultyLine line(Direction direction) {
        return direction == Direction.TO_SERVER ? toServer : toClient;
    }

    private record Pair(Socket client, Socket server, List<Thread> threads) {}
}
