package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SocketEventsTest {
    private static final EpollIoOps IN = EpollIoOps.EPOLLIN;
    private static final EpollIoOps OUT = EpollIoOps.EPOLLOUT;
    private static final EpollIoOps READ_HANG_UP = EpollIoOps.EPOLLRDHUP;
    private static final int EDGES = EpollIoOps.EPOLLET.value();
    private static final IoHandlerContext CONTEXT = new IoHandlerContext() {
        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return 0;
        }

        @Override
        public long deadlineNanos() {
            return -1;
        }
    };

    private final Kernel kernel = new Kernel();
    private final CoalescingEpollHandler handler = new CoalescingEpollHandler(new Caller(), kernel);
    private final Socket channel = new Socket(1_000_000);
    private IoRegistration ofChannel;

    @BeforeEach
    void register() throws Exception {
        ofChannel = handler.register(channel);
    }

    @Test
    void tellsOnceWhatASocketWaitsForAtLast() {
        ofChannel.submit(IN);
        ofChannel.submit(IN.with(OUT));
        ofChannel.submit(IN);
        assertEquals(List.of(), kernel.told);

        handler.run(CONTEXT);
        ofChannel.submit(OUT);
        ofChannel.submit(IN);
        handler.run(CONTEXT);

        assertEquals(List.of(IN.value()), kernel.told);
    }

    @Test
    void keepsASocketThatWaitsForNothingRegistered() {
        ofChannel.submit(IN);
        handler.run(CONTEXT);
        ofChannel.submit(EpollIoOps.NONE);
        handler.run(CONTEXT);

        assertEquals(List.of(IN.value(), EpollIoOps.EPOLLET.value()), kernel.told);
    }

    @Test
    void passesNoEventToASocketThatEpollHasNotBeenToldOf() {
        ofChannel.submit(IN);
        kernel.event(EpollIoOps.EPOLLRDHUP); // was for the socket that had this descriptor before
        assertEquals(List.of(), channel.seen);

        handler.run(CONTEXT);
        kernel.event(IN);

        assertEquals(List.of(IN.value()), channel.seen);
    }

    @Test
    void letsTheDescriptorOfAClosedSocketBeUsedAgainAtOnce() throws Exception {
        ofChannel.submit(IN);
        handler.run(CONTEXT);
        ofChannel.cancel();
        assertFalse(ofChannel.isValid());
        kernel.event(IN);
        assertEquals(List.of(), channel.seen);
        assertEquals(0, kernel.cancelled);

        Socket next = new Socket(1_000_000);
        handler.register(next).submit(OUT);
        assertEquals(1, kernel.cancelled);
        handler.run(CONTEXT);
        kernel.event(OUT);

        assertEquals(List.of(OUT.value()), next.seen);
    }

    @Test
    void lendsOneDirectionToSomebodyElse() {
        ofChannel.submit(IN);
        handler.run(CONTEXT);
        SocketEvents events = (SocketEvents) ofChannel;
        List<String> seen = new ArrayList<>();

        events.takeReading((ended, broken) -> seen.add("ended " + ended + ", broken " + broken));
        kernel.event(IN);
        kernel.event(IN.with(OUT).with(EpollIoOps.EPOLLRDHUP));
        events.awaitInput(false);
        handler.run(CONTEXT);
        events.giveReadingBack();
        handler.run(CONTEXT);
        kernel.event(IN);

        assertEquals(List.of("ended false, broken false", "ended true, broken false"), seen);
        assertEquals(List.of(OUT.value(), IN.value()), channel.seen);
        assertEquals(List.of(IN.value(), EpollIoOps.EPOLLET.value(), IN.value()), kernel.told);
    }

    @Test
    void tellsOnceOfASocketThatNobodyReadsFromYet() {
        ofChannel.submit(OUT.with(READ_HANG_UP)); // connects
        handler.run(CONTEXT);
        kernel.event(OUT);
        ofChannel.submit(READ_HANG_UP);
        SocketEvents events = (SocketEvents) ofChannel;
        List<String> seen = new ArrayList<>();

        assertFalse(events.takeReading((ended, broken) -> {
            seen.add("ended " + ended);
            events.awaitInput(!ended);
        }));
        events.takeWriting((ended, broken) -> seen.add("room"));
        handler.run(CONTEXT);
        kernel.event(IN.with(OUT));
        kernel.event(IN.with(OUT).with(READ_HANG_UP));
        kernel.event(IN.with(OUT).with(READ_HANG_UP));

        assertEquals(List.of("ended false", "ended true"), seen);
        assertEquals(List.of(OUT.value()), channel.seen);
        assertEquals(List.of(EDGES | IN.value() | OUT.value() | READ_HANG_UP.value()), kernel.told);
    }

    @Test
    void saysWhetherThereWasSomethingBeforeItWasTakenOver() {
        ofChannel.submit(READ_HANG_UP);
        handler.run(CONTEXT);
        kernel.event(IN);
        assertEquals(List.of(), channel.seen);

        assertTrue(((SocketEvents) ofChannel).takeReading((ended, broken) -> {}));
        assertFalse(((SocketEvents) ofChannel).takeReading((ended, broken) -> {}));
    }

    @Test
    void asksAnewForWhatWasLeft() {
        int input = EDGES | IN.value() | READ_HANG_UP.value();
        ofChannel.submit(READ_HANG_UP);
        handler.run(CONTEXT);
        SocketEvents events = (SocketEvents) ofChannel;
        events.takeReading((ended, broken) -> {}); // reads no end
        events.takeWriting((ended, broken) -> {});

        kernel.event(IN.with(READ_HANG_UP));
        handler.run(CONTEXT);
        handler.run(CONTEXT);
        events.awaitInput(false);
        handler.run(CONTEXT);
        events.awaitInput(true);
        handler.run(CONTEXT);
        events.awaitRoom(true);
        handler.run(CONTEXT);
        events.awaitRoom(true);
        handler.run(CONTEXT);

        assertEquals(List.of(input, input, input, input | OUT.value(), input | OUT.value()), kernel.told);
    }

    @Test
    void tellsOfEachChangeOnceTheChannelReads() {
        ofChannel.submit(READ_HANG_UP);
        handler.run(CONTEXT);
        kernel.event(IN);
        ofChannel.submit(IN.with(READ_HANG_UP));
        handler.run(CONTEXT);
        ofChannel.submit(READ_HANG_UP);
        handler.run(CONTEXT);

        assertEquals(
                List.of(
                        EDGES | IN.value() | READ_HANG_UP.value(),
                        IN.with(READ_HANG_UP).value(),
                        READ_HANG_UP.value()),
                kernel.told);
    }

    @Test
    void givesAChannelBackWhatItsTakerLeft() {
        ofChannel.submit(READ_HANG_UP);
        handler.run(CONTEXT);
        SocketEvents events = (SocketEvents) ofChannel;
        events.takeReading((ended, broken) -> {});
        kernel.event(IN);
        events.giveReadingBack();
        ofChannel.submit(IN);
        handler.run(CONTEXT);
        kernel.event(IN);

        assertEquals(List.of(IN.value()), channel.seen);
        assertEquals(List.of(EDGES | IN.value() | READ_HANG_UP.value(), IN.value()), kernel.told);
    }

    /** Notes what it is told, and reports what it is asked to. */
    private static final class Kernel implements IoHandler {
        private final List<Integer> told = new ArrayList<>();
        private IoHandle registered;
        private int cancelled;

        void event(EpollIoOps ops) {
            registered.handle(new Registration(), (EpollIoEvent) () -> ops);
        }

        @Override
        public IoRegistration register(IoHandle handle) {
            registered = handle;
            return new Registration();
        }

        @Override
        public int run(IoHandlerContext context) {
            return 0;
        }

        @Override
        public void wakeup() {}

        @Override
        public boolean isCompatible(Class<? extends IoHandle> handleType) {
            return true;
        }

        private final class Registration implements IoRegistration {
            @Override
            public <T> T attachment() {
                throw new IllegalStateException("not asked for here");
            }

            @Override
            public long submit(IoOps ops) {
                told.add(((EpollIoOps) ops).value());
                return 0;
            }

            @Override
            public boolean isValid() {
                return true;
            }

            @Override
            public boolean cancel() {
                cancelled++;
                return true;
            }
        }
    }

    private static final class Socket implements EpollIoHandle {
        private final FileDescriptor descriptor;
        private final List<Integer> seen = new ArrayList<>();

        Socket(int descriptor) {
            this.descriptor = new FileDescriptor(descriptor);
        }

        @Override
        public FileDescriptor fd() {
            return descriptor;
        }

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            seen.add(((EpollIoEvent) event).ops().value());
        }

        @Override
        public void close() {}
    }

    private static final class Caller implements ThreadAwareExecutor {
        @Override
        public boolean isExecutorThread(Thread thread) {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }
    }
}
