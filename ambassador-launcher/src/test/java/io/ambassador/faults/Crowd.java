package io.ambassador.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Thousands of clients on one thread that do one small thing each second. */
final class Crowd implements AutoCloseable {
    /** What a client does each second. */
    interface Habit {
        void tick(Member member) throws IOException;
    }

    /** One client. */
    static final class Member {
        private final SocketChannel channel;
        private final long opened = System.nanoTime();
        private int ticks;
        private volatile long read;
        private volatile long connected;
        private volatile long ended;
        private volatile String how;

        private Member(SocketChannel channel) {
            this.channel = channel;
        }

        SocketChannel channel() {
            return channel;
        }

        /** How often it has done its thing. */
        int ticks() {
            return ticks;
        }

        boolean isConnected() {
            return connected != 0;
        }

        boolean isOpen() {
            return ended == 0;
        }

        /** From connected to ended. */
        long lastedMillis() {
            return TimeUnit.NANOSECONDS.toMillis(ended - connected);
        }

        /** From before it began to connect, which is before anybody else could know of it, to ended. */
        long livedMillis() {
            return TimeUnit.NANOSECONDS.toMillis(ended - opened);
        }

        String how() {
            return how;
        }

        /** Reads at most {@code buffer}'s room, and throws away what it reads. */
        void read(ByteBuffer buffer) throws IOException {
            buffer.clear();
            int bytes = channel.read(buffer);
            if (bytes < 0) {
                end("end of data");
            } else {
                read += bytes;
            }
        }

        long bytesRead() {
            return read;
        }

        private void end(String reason) {
            if (ended == 0) {
                how = reason;
                ended = System.nanoTime();
                try {
                    channel.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private final List<Member> members = new ArrayList<>();
    private final Selector selector = Selector.open();
    private final Habit habit;
    private final boolean noticeEnds;
    private final Thread thread = new Thread(this::run, "crowd");
    private volatile boolean closed;

    private Crowd(Habit habit, boolean noticeEnds) throws IOException {
        this.habit = habit;
        this.noticeEnds = noticeEnds;
    }

    /**
     * Opens {@code number} connections.
     *
     * @param receiveBuffer of each socket in bytes; 0 for the kernel's choice
     * @param noticeEnds whether what arrives is read and thrown away at once, so that an end is noticed
     */
    static Crowd open(InetSocketAddress address, int number, int receiveBuffer, boolean noticeEnds, Habit habit)
            throws IOException {
        Crowd crowd = new Crowd(habit, noticeEnds);
        for (int i = 0; i < number; i++) {
            SocketChannel channel = SocketChannel.open();
            if (receiveBuffer > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
            }
            channel.configureBlocking(false);
            Member member = new Member(channel);
            if (channel.connect(address)) {
                member.connected = System.nanoTime();
            }
            channel.register(
                    crowd.selector,
                    member.isConnected() ? noticeEnds ? SelectionKey.OP_READ : 0 : SelectionKey.OP_CONNECT,
                    member);
            crowd.members.add(member);
        }
        crowd.thread.start();
        return crowd;
    }

    List<Member> members() {
        return members;
    }

    long open() {
        return members.stream()
                .filter(member -> member.isConnected() && member.isOpen())
                .count();
    }

    private void run() {
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        long second = TimeUnit.SECONDS.toNanos(1);
        long next = System.nanoTime() + second;
        try {
            while (!closed) {
                if (next - System.nanoTime() <= 0) {
                    next += second;
                    members.forEach(this::tick);
                }
                selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(next - System.nanoTime())));
                for (SelectionKey key : selector.selectedKeys()) {
                    ready(key, buffer);
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void ready(SelectionKey key, ByteBuffer buffer) {
        Member member = (Member) key.attachment();
        if (!key.isValid()) {
            return; // closed by the test meanwhile
        }
        try {
            if (key.isConnectable()) {
                member.channel.finishConnect();
                member.connected = System.nanoTime();
                key.interestOps(noticeEnds ? SelectionKey.OP_READ : 0);
            } else if (key.isReadable()) {
                member.read(buffer);
            }
        } catch (IOException e) {
            member.end(e.toString());
        }
    }

    private void tick(Member member) {
        if (!member.isConnected() || !member.isOpen()) {
            return;
        }
        try {
            habit.tick(member);
            member.ticks++;
        } catch (IOException e) {
            member.end(e.toString());
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        selector.wakeup();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Member member : members) {
            member.channel.close();
        }
        selector.close();
    }
}
