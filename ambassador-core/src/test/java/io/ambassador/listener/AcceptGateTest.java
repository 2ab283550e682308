package io.ambassador.listener;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcceptGateTest {
    private final AcceptGate gate = new AcceptGate(96 + 2 * 10);
    private final EmbeddedChannel listener = new EmbeddedChannel();

    @Test
    void shutsWhenAsManyAreInsideAsThereAreDescriptorsForAndOpensAgain() {
        gate.guard(listener);
        for (int i = 0; i < 9; i++) {
            gate.entered();
        }
        assertTrue(listener.config().isAutoRead());
        gate.entered();
        assertFalse(listener.config().isAutoRead());
        gate.left();
        assertTrue(listener.config().isAutoRead());
    }

    @Test
    void aListenerThatComesWhileItIsShutWaitsToo() {
        for (int i = 0; i < 10; i++) {
            gate.entered();
        }
        gate.guard(listener);
        assertFalse(listener.config().isAutoRead());
    }

    @Test
    void isOpenAfterEverybodyHasLeftWhateverTheOrder() throws Exception {
        gate.guard(listener);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            Thread thread = new Thread(() -> {
                for (int round = 0; round < 20_000; round++) {
                    for (int i = 0; i < 3; i++) {
                        gate.entered();
                    }
                    for (int i = 0; i < 3; i++) {
                        gate.left();
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(listener.config().isAutoRead());
    }
}
