package io.ambassador.launcher.logging;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LineWriterTest {
    /** Takes nothing until it is told to. */
    private static final class Stalled extends OutputStream {
        private final CountDownLatch reading = new CountDownLatch(1);
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b});
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                reading.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            synchronized (taken) {
                taken.write(bytes, offset, length);
            }
        }

        List<String> lines() {
            synchronized (taken) {
                return taken.toString(StandardCharsets.UTF_8).lines().toList();
            }
        }
    }

    @Test
    void aReaderThatStallsHoldsNobodyUpAndIsToldWhatItMissed() throws Exception {
        Stalled reader = new Stalled();
        LineWriter writer = new LineWriter(reader, lost -> lost + " lost\n");

        for (int i = 0; i < 10_000; i++) {
            writer.write(i + "\n"); // were it to wait, this would never end
        }
        writer.flush(Duration.ofMillis(1)); // gives up
        assertEquals(List.of(), reader.lines());

        reader.reading.countDown();
        writer.flush(Duration.ofSeconds(30));
        writer.write("after\n");
        writer.flush(Duration.ofSeconds(30));

        await().until(() -> reader.lines().contains("after"));
        List<String> lines = reader.lines();
        long kept = lines.stream().filter(line -> line.matches("\\d+")).count();
        assertEquals(
                "0",
                lines.stream().filter(line -> line.matches("\\d+")).findFirst().orElseThrow());
        assertTrue(kept >= 4_096 && kept < 10_000, () -> kept + " kept");
        // Told of in two lines where the writer's thread came to its first line late.
        long lost = lines.stream()
                .filter(line -> line.endsWith(" lost"))
                .mapToLong(line -> Long.parseLong(line.substring(0, line.indexOf(' '))))
                .sum();
        assertEquals(10_000 - kept, lost);
    }

    @Test
    void aReaderThatIsGoneHoldsNobodyUpEither() throws Exception {
        LineWriter writer = new LineWriter(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                },
                lost -> lost + " lost\n");

        writer.write("a\n");
        writer.flush(Duration.ofSeconds(30));
        writer.write("b\n");
        writer.flush(Duration.ofSeconds(30));
    }
}
