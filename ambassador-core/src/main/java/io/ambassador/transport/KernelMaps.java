package io.ambassador.transport;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The verdict program, loaded, with what it shares with us: which socket has which slot, the state of each slot, and
 * the ring that tells of slots that need looking at. All of it goes with its descriptors, at the latest with the process.
 * On one thread.
 */
final class KernelMaps implements AutoCloseable {
    // Commands of bpf(2).
    private static final int MAP_CREATE = 0;
    private static final int MAP_UPDATE_ELEM = 2;
    private static final int MAP_DELETE_ELEM = 3;
    private static final int PROG_LOAD = 5;
    private static final int LINK_CREATE = 28;

    private static final int HASH = 1;
    private static final int ARRAY = 2;
    private static final int SOCKMAP = 15;
    private static final int RING = 27;
    private static final int NO_PREALLOC = 1;
    private static final int MMAPABLE = 1 << 10;
    private static final int PROG_TYPE_SK_SKB = 14;
    private static final int ATTACH_SK_SKB_VERDICT = 38;

    private static final int ATTRIBUTES = 128;
    private static final int PAGE = Libc.pageSize();
    private static final int RING_SIZE = 64 * 1024;
    private static final int BUSY = 1 << 31;
    private static final int RECORD = 16;

    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private final Deque<Integer> descriptors = new ArrayDeque<>();
    private final ByteBuffer attributes = direct(ATTRIBUTES);
    private final ByteBuffer key = direct(8);
    private final ByteBuffer value = direct(8);
    private final int slots;
    private final int sockets;
    private final int ring;
    private final ByteBuffer states;
    private final ByteBuffer consumer;
    private final ByteBuffer producer;
    private boolean closed;

    KernelMaps(int count) throws IOException {
        try {
            slots = map(HASH, 8, 4, count, NO_PREALLOC);
            int statesMap = map(ARRAY, 4, VerdictProgram.STATE_SIZE, count, MMAPABLE);
            sockets = map(SOCKMAP, 4, 8, count, 0);
            ring = map(RING, 0, 0, RING_SIZE, 0);
            link(load(VerdictProgram.assemble(slots, statesMap, sockets, ring)));
            states = Libc.map(statesMap, 0, roundedUp(count * VerdictProgram.STATE_SIZE), Libc.READ_WRITE);
            consumer = Libc.map(ring, 0, PAGE, Libc.READ_WRITE);
            producer = Libc.map(ring, PAGE, PAGE + 2 * RING_SIZE, Libc.READ_ONLY);
        } catch (IOException e) {
            closeDescriptors();
            throw e;
        }
    }

    private int map(int type, int keySize, int valueSize, int entries, int flags) throws IOException {
        clear();
        attributes.putInt(0, type).putInt(4, keySize).putInt(8, valueSize).putInt(12, entries);
        attributes.putInt(16, flags);
        return opened(MAP_CREATE);
    }

    private int load(ByteBuffer program) throws IOException {
        ByteBuffer license = direct(4);
        license.put(0, "GPL".getBytes(StandardCharsets.US_ASCII));
        clear();
        attributes.putInt(0, PROG_TYPE_SK_SKB).putInt(4, program.limit() / 8);
        attributes.putLong(8, Libc.address(program)).putLong(16, Libc.address(license));
        return opened(PROG_LOAD);
    }

    private void link(int program) throws IOException {
        clear();
        attributes.putInt(0, program).putInt(4, sockets).putInt(8, ATTACH_SK_SKB_VERDICT);
        opened(LINK_CREATE);
    }

    private int opened(int command) throws IOException {
        int descriptor = Libc.bpf(command, attributes);
        descriptors.push(descriptor);
        return descriptor;
    }

    /** From now on the program decides about what that socket receives; it passes everything until told otherwise. */
    void add(int slot, long cookie, int socket) throws IOException {
        for (int offset = 0; offset < VerdictProgram.STATE_SIZE; offset += 8) {
            set(slot, offset, 0);
        }
        key.putLong(0, cookie);
        value.putInt(0, slot);
        update(slots);
        key.putInt(0, slot);
        value.putLong(0, socket);
        try {
            update(sockets);
        } catch (IOException e) {
            forget(cookie);
            throw e;
        }
    }

    /** What {@link #add} has left behind of a socket that is closed. */
    void forget(long cookie) {
        if (closed) {
            return;
        }
        clear();
        key.putLong(0, cookie);
        attributes.putInt(0, slots).putLong(8, Libc.address(key));
        try {
            Libc.bpf(MAP_DELETE_ELEM, attributes);
        } catch (IOException e) {
            throw new IllegalStateException("A socket is not known to the kernel's relay.", e);
        }
    }

    private void update(int map) throws IOException {
        clear();
        attributes.putInt(0, map).putLong(8, Libc.address(key)).putLong(16, Libc.address(value));
        Libc.bpf(MAP_UPDATE_ELEM, attributes);
    }

    private void clear() {
        for (int offset = 0; offset < ATTRIBUTES; offset += 8) {
            attributes.putLong(offset, 0);
        }
    }

    /** Readable when {@link #nextNotified} has something to tell. */
    int ringDescriptor() {
        return ring;
    }

    /** @return a slot; -1 for no more */
    int nextNotified() {
        if (closed) {
            return -1;
        }
        long from = (long) LONG.getAcquire(consumer, 0);
        if (from == (long) LONG.getAcquire(producer, 0)) {
            return -1;
        }
        int record = PAGE + (int) (from % RING_SIZE);
        if (((int) INT.getAcquire(producer, record) & BUSY) != 0) {
            return -1; // it is told again once it is whole
        }
        int slot = producer.getInt(record + 8);
        LONG.setRelease(consumer, 0, from + RECORD);
        return slot;
    }

    long get(int slot, int field) {
        return closed ? 0 : (long) LONG.getVolatile(states, slot * VerdictProgram.STATE_SIZE + field);
    }

    void set(int slot, int field, long to) {
        if (!closed) {
            LONG.setVolatile(states, slot * VerdictProgram.STATE_SIZE + field, to);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Libc.unmap(states);
        Libc.unmap(consumer);
        Libc.unmap(producer);
        closeDescriptors();
    }

    private void closeDescriptors() {
        for (Integer each; (each = descriptors.poll()) != null; ) {
            Libc.closeQuietly(each);
        }
    }

    private static int roundedUp(int size) {
        return (size + PAGE - 1) / PAGE * PAGE;
    }

    private static ByteBuffer direct(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }
}
