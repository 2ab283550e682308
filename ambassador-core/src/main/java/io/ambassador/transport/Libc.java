package io.ambassador.transport;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The system calls that neither the JDK nor Netty makes. The only class that knows the native-access library, which is
 * loaded with this class.
 */
final class Libc {
    static final long READ_ONLY = 1;
    static final long READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int SIOCINQ = 0x541B;
    private static final int SIOCOUTQ = 0x5411;
    private static final int SYS_BPF = "aarch64".equals(System.getProperty("os.arch")) ? 280 : 321;

    static {
        Native.register(Libc.class, NativeLibrary.getProcess());
    }

    private Libc() {}

    // Named as in C, and without pointers, so that a call allocates nothing.

    private static native long syscall(long number, long first, long second, long third);

    private static native long mmap(long address, long length, int protection, int flags, int descriptor, long offset);

    private static native int munmap(long address, long length);

    private static native int ioctl(int descriptor, long request, long argument);

    private static native int getsockopt(int descriptor, int level, int option, long value, long length);

    private static native int setsockopt(int descriptor, int level, int option, long value, int length);

    private static native int close(int descriptor);

    private static native int getpagesize();

    /**
     * bpf(2).
     *
     * @param attributes its union, zeros after what matters
     * @return a descriptor, or 0
     */
    static int bpf(int command, ByteBuffer attributes) throws IOException {
        long result = syscall(SYS_BPF, command, address(attributes), attributes.capacity());
        return (int) checked(result, "bpf(" + command + ")");
    }

    /** @return bytes of that mapping; they must not be touched after {@link #unmap} */
    static ByteBuffer map(int descriptor, long offset, int length, long protection) throws IOException {
        long address = checked(mmap(0, length, (int) protection, MAP_SHARED, descriptor, offset), "mmap");
        return new Pointer(address).getByteBuffer(0, length).order(ByteOrder.nativeOrder());
    }

    static void unmap(ByteBuffer mapping) {
        munmap(address(mapping), mapping.capacity());
    }

    /** Bytes received that nobody has read; the kernel is not in the midst of handling some when this returns. */
    static int unread(int socket, ByteBuffer scratch) throws IOException {
        return asked(socket, SIOCINQ, scratch);
    }

    /** Bytes written that the peer has not acknowledged. */
    static int unacknowledged(int socket, ByteBuffer scratch) throws IOException {
        return asked(socket, SIOCOUTQ, scratch);
    }

    private static int asked(int socket, int request, ByteBuffer scratch) throws IOException {
        checked(ioctl(socket, request, address(scratch)), "ioctl");
        return scratch.getInt(0);
    }

    /** @param value where the option goes, from its beginning, up to {@code length} bytes */
    static void option(int socket, int level, int option, ByteBuffer value, int length) throws IOException {
        value.putInt(value.capacity() - 4, length);
        long address = address(value);
        checked(getsockopt(socket, level, option, address, address + value.capacity() - 4), "getsockopt");
    }

    static void setOption(int socket, int level, int option, int value, ByteBuffer scratch) throws IOException {
        scratch.putInt(0, value);
        checked(setsockopt(socket, level, option, address(scratch), 4), "setsockopt");
    }

    static int pageSize() {
        return getpagesize();
    }

    static void closeQuietly(int descriptor) {
        close(descriptor);
    }

    static long address(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    private static long checked(long result, String call) throws IOException {
        if (result == -1) {
            throw new IOException(call + " failed: error " + Native.getLastError());
        }
        return result;
    }
}
