package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** SIGTERM under load, against the packaged jar. */
class DrainIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int EACH = 100;
    private static final int LEAVING = 30;

    private static String to(Endpoint endpoint, String drainTimeout) {
        return "discovery = \"static://" + endpoint.address() + "\", on-change.drain-timeout = " + drainTimeout;
    }

    @Test
    void whatIsCutIsWhatIsOpenAtTheDeadlineOfItsService() throws Exception {
        List<EchoClient> hasty = new ArrayList<>();
        List<EchoClient> patient = new ArrayList<>();
        try (EchoProcess echo = EchoProcess.start(1);
                SidecarProcess sidecar = SidecarProcess.start(
                        List.of(), Map.of("hasty", to(echo.endpoint(), "8s"), "patient", to(echo.endpoint(), "10m")));
                SteadyStreams streams = SteadyStreams.open(sidecar.address("hasty"), EACH)) {
            for (int i = 0; i < EACH; i++) {
                hasty.add(EchoClient.connect(sidecar.address("hasty")));
                patient.add(EchoClient.connect(sidecar.address("patient")));
            }
            await().atMost(PATIENCE).until(() -> streams.all().stream().allMatch(stream -> stream.messages() > 3));
            long began = System.nanoTime();
            sidecar.signal("TERM");
            await().atMost(PATIENCE)
                    .until(() -> sidecar.log().stream().anyMatch(line -> line.contains("SIGTERM: draining.")));
            for (int i = 0; i < LEAVING; i++) {
                hasty.get(i).exchange(i);
                endWell(hasty.get(i).socket());
            }

            await().atMost(PATIENCE).until(() -> streams.all().stream().allMatch(stream -> stream.end() != null));
            long millis = (System.nanoTime() - began) / 1_000_000;
            assertTrue(millis >= 8_000, millis + " ms");
            assertTrue(streams.all().stream().noneMatch(SteadyStreams.Stream::corrupted));
            assertTrue(streams.all().stream().noneMatch(stream -> stream.end().equals("end of data")));
            for (int i = LEAVING; i < EACH; i++) {
                Socket socket = hasty.get(i).socket();
                assertThrows(IOException.class, () -> socket.getInputStream().read());
            }
            for (int i = 0; i < EACH; i++) { // its own deadline is far away
                patient.get(i).exchange(i);
                endWell(patient.get(i).socket());
            }
            assertEquals(143, sidecar.awaitExit());
            List<String> cut = sidecar.log().stream()
                    .filter(line -> line.contains("cut at"))
                    .toList();
            report("of %d streams and %d clients, %d of which left: %s", EACH, EACH, LEAVING, cut);
            assertEquals(1, cut.size(), cut::toString);
            assertTrue(
                    cut.get(0)
                            .endsWith("service.hasty cut at the drain timeout of 8s: " + (2 * EACH - LEAVING)
                                    + " connections that were still open"),
                    cut::toString);
        } finally {
            for (EchoClient client : hasty) {
                client.close();
            }
            for (EchoClient client : patient) {
                client.close();
            }
        }
    }

    private static void endWell(Socket socket) throws IOException {
        socket.shutdownOutput();
        assertEquals(-1, socket.getInputStream().read());
    }
}
