package io.ambassador.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What the kernel runs for each buffer that one of our sockets receives, in instructions of its virtual machine. In
 * words:
 *
 * <pre>
 * slot = slots[cookie of the socket]
 * state = states[slot]
 * if (length == 0) return DROP                    // the bare end of the data, which the socket knows of already
 * state.last = now
 * if (state.passed != state.taken or state.cost >= state.allowed) {
 *     state.passed += length
 *     if (state.allowed != 0) notify(slot)
 *     return PASS                                 // to be read by us
 * }
 * state.redirected += length
 * state.cost += length + OVERHEAD
 * if (state.cost has reached state.soft just now) notify(slot)
 * return REDIRECT to the socket of the slot next to it
 * </pre>
 *
 * <p>A bare end that was passed would take its place behind what is being sent on the same socket, and the kernel takes
 * a buffer without bytes, come to its turn, for a broken connection.
 *
 * @see <a href="https://docs.kernel.org/bpf/standardization/instruction-set.html">BPF instruction set</a>
 */
final class VerdictProgram {
    /** What a buffer takes up besides its bytes, so that tiny ones count for what they cost. */
    static final int OVERHEAD = 768;

    // Offsets in the state of a slot.
    static final int REDIRECTED = 0;
    static final int COST = 8;
    static final int PASSED = 16;
    static final int LAST = 24;
    static final int TAKEN = 32;
    static final int ALLOWED = 40;
    static final int SOFT = 48;
    static final int STATE_SIZE = 64;

    // Helper functions of the kernel.
    private static final int MAP_LOOKUP_ELEM = 1;
    private static final int KTIME_GET_NS = 5;
    private static final int GET_SOCKET_COOKIE = 46;
    private static final int SK_REDIRECT_MAP = 52;
    private static final int RINGBUF_OUTPUT = 130;

    private static final int FORCE_WAKEUP = 2;
    private static final int DROP = 0;
    private static final int PASS = 1;

    // Operations.
    private static final int LOAD = 0x79;
    private static final int LOAD_INT = 0x61;
    private static final int STORE = 0x7b;
    private static final int STORE_INT = 0x63;
    private static final int STORE_CONSTANT_INT = 0x62;
    private static final int LOAD_MAP = 0x18;
    private static final int MOVE = 0xbf;
    private static final int MOVE_CONSTANT = 0xb7;
    private static final int ADD = 0x0f;
    private static final int ADD_CONSTANT = 0x07;
    private static final int XOR_CONSTANT = 0xa7;
    private static final int IF_EQUAL_CONSTANT = 0x15;
    private static final int IF_DIFFERENT = 0x5d;
    private static final int IF_AT_LEAST = 0x3d;
    private static final int IF_LESS = 0xad;
    private static final int CALL = 0x85;
    private static final int EXIT = 0x95;

    // Registers: results, arguments, what survives calls, the stack.
    private static final int R0 = 0;
    private static final int R1 = 1;
    private static final int R2 = 2;
    private static final int R3 = 3;
    private static final int R4 = 4;
    private static final int BUFFER = 6;
    private static final int SLOT = 7;
    private static final int STATE = 8;
    private static final int LENGTH = 9;
    private static final int STACK = 10;

    private static final int COOKIE_ON_STACK = -8;
    private static final int SLOT_ON_STACK = -16;

    private record Instruction(int operation, int to, int from, int offset, int constant) {}

    /** Where jumps lead that were written before it. */
    private static final class Label {
        private final List<Integer> jumps = new ArrayList<>();
    }

    private final List<Instruction> code = new ArrayList<>();
    private final int slots;
    private final int states;
    private final int sockets;
    private final int ring;

    private VerdictProgram(int slots, int states, int sockets, int ring) {
        this.slots = slots;
        this.states = states;
        this.sockets = sockets;
        this.ring = ring;
    }

    /** @return a direct buffer; the arguments are descriptors of maps */
    static ByteBuffer assemble(int slots, int states, int sockets, int ring) {
        VerdictProgram program = new VerdictProgram(slots, states, sockets, ring);
        program.write();
        return program.bytes();
    }

    private void write() {
        Label pass = new Label();
        Label countAndPass = new Label();
        Label redirect = new Label();
        Label drop = new Label();

        add(MOVE, BUFFER, R1, 0, 0);
        call(GET_SOCKET_COOKIE);
        add(STORE, STACK, R0, COOKIE_ON_STACK, 0);
        lookUp(slots, COOKIE_ON_STACK);
        jump(pass, IF_EQUAL_CONSTANT, R0, 0);
        add(LOAD_INT, SLOT, R0, 0, 0);
        add(STORE_INT, STACK, SLOT, SLOT_ON_STACK, 0);
        add(STORE_CONSTANT_INT, STACK, 0, SLOT_ON_STACK + 4, 0);
        lookUp(states, SLOT_ON_STACK);
        jump(pass, IF_EQUAL_CONSTANT, R0, 0);
        add(MOVE, STATE, R0, 0, 0);
        add(LOAD_INT, LENGTH, BUFFER, 0, 0);
        jump(drop, IF_EQUAL_CONSTANT, LENGTH, 0);

        call(KTIME_GET_NS);
        add(STORE, STATE, R0, LAST, 0);
        add(LOAD, R1, STATE, PASSED, 0);
        add(LOAD, R2, STATE, TAKEN, 0);
        jump(countAndPass, IF_DIFFERENT, R1, R2);
        add(LOAD, R1, STATE, COST, 0);
        add(LOAD, R2, STATE, ALLOWED, 0);
        jump(countAndPass, IF_AT_LEAST, R1, R2);

        add(LOAD, R3, STATE, REDIRECTED, 0);
        add(ADD, R3, LENGTH, 0, 0);
        add(STORE, STATE, R3, REDIRECTED, 0);
        add(MOVE, R3, R1, 0, 0);
        add(ADD, R3, LENGTH, 0, 0);
        add(ADD_CONSTANT, R3, 0, 0, OVERHEAD);
        add(STORE, STATE, R3, COST, 0);
        add(LOAD, R4, STATE, SOFT, 0);
        jump(redirect, IF_AT_LEAST, R1, R4);
        jump(redirect, IF_LESS, R3, R4);
        notifyOfSlot();
        here(redirect);
        add(MOVE, R1, BUFFER, 0, 0);
        map(R2, sockets);
        add(MOVE, R3, SLOT, 0, 0);
        add(XOR_CONSTANT, R3, 0, 0, 1);
        add(MOVE_CONSTANT, R4, 0, 0, 0);
        call(SK_REDIRECT_MAP);
        add(EXIT, 0, 0, 0, 0);

        here(countAndPass);
        add(LOAD, R1, STATE, PASSED, 0);
        add(ADD, R1, LENGTH, 0, 0);
        add(STORE, STATE, R1, PASSED, 0);
        add(LOAD, R2, STATE, ALLOWED, 0);
        jump(pass, IF_EQUAL_CONSTANT, R2, 0);
        notifyOfSlot();
        here(pass);
        add(MOVE_CONSTANT, R0, 0, 0, PASS);
        add(EXIT, 0, 0, 0, 0);

        here(drop);
        add(MOVE_CONSTANT, R0, 0, 0, DROP);
        add(EXIT, 0, 0, 0, 0);
    }

    private void lookUp(int map, int keyOnStack) {
        map(R1, map);
        add(MOVE, R2, STACK, 0, 0);
        add(ADD_CONSTANT, R2, 0, 0, keyOnStack);
        call(MAP_LOOKUP_ELEM);
    }

    private void notifyOfSlot() {
        map(R1, ring);
        add(MOVE, R2, STACK, 0, 0);
        add(ADD_CONSTANT, R2, 0, 0, SLOT_ON_STACK);
        add(MOVE_CONSTANT, R3, 0, 0, 8);
        add(MOVE_CONSTANT, R4, 0, 0, FORCE_WAKEUP);
        call(RINGBUF_OUTPUT);
    }

    private void map(int register, int descriptor) {
        add(LOAD_MAP, register, 1, 0, descriptor);
        add(0, 0, 0, 0, 0);
    }

    private void call(int helper) {
        add(CALL, 0, 0, 0, helper);
    }

    /** @param with a register, or the constant 0 */
    private void jump(Label to, int condition, int register, int with) {
        to.jumps.add(code.size());
        add(condition, register, with, 0, 0);
    }

    private void here(Label label) {
        for (int jump : label.jumps) {
            Instruction open = code.get(jump);
            code.set(jump, new Instruction(open.operation, open.to, open.from, code.size() - jump - 1, 0));
        }
    }

    private void add(int operation, int to, int from, int offset, int constant) {
        code.add(new Instruction(operation, to, from, offset, constant));
    }

    private ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(code.size() * 8).order(ByteOrder.nativeOrder());
        for (Instruction each : code) {
            bytes.put((byte) each.operation)
                    .put((byte) (each.from << 4 | each.to))
                    .putShort((short) each.offset)
                    .putInt(each.constant);
        }
        return bytes.flip();
    }
}
