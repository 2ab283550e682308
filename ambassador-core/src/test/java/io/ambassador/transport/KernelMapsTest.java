package io.ambassador.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KernelMapsTest {
    private static final int PROG_GET_NEXT_ID = 11;
    private static final int MAP_GET_NEXT_ID = 12;
    private static final int LINK_GET_NEXT_ID = 31;

    /** Programs, maps and links alike go with the descriptors, which go with the process. */
    @Test
    void leavesNothingInTheKernel() throws IOException {
        if (!KernelRelay.isAvailable()) {
            assertThrows(IOException.class, () -> new KernelMaps(2).close());
            return;
        }
        for (int kind : new int[] {PROG_GET_NEXT_ID, MAP_GET_NEXT_ID, LINK_GET_NEXT_ID}) {
            Set<Integer> before = ids(kind);
            Set<Integer> made;
            try (KernelMaps maps = new KernelMaps(2)) {
                assertEquals(-1, maps.nextNotified());
                made = ids(kind);
                made.removeAll(before);
                assertFalse(made.isEmpty());
            }
            await().until(() -> {
                Set<Integer> left = ids(kind);
                left.retainAll(made);
                return left.isEmpty();
            });
        }
    }

    private static Set<Integer> ids(int command) {
        Set<Integer> ids = new HashSet<>();
        ByteBuffer attributes = ByteBuffer.allocateDirect(128).order(ByteOrder.nativeOrder());
        try {
            while (true) {
                Libc.bpf(command, attributes);
                int next = attributes.getInt(4);
                ids.add(next);
                attributes.putInt(0, next);
            }
        } catch (IOException e) {
            return ids; // there are no more
        }
    }
}
