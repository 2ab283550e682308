package io.ambassador.auth;

import static org.awaitility.Awaitility.await;

import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.FaultRelay.Direction;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;

/** An ambassador's two wires, each of which can be made to carry one byte at a time, either way. */
public final class InPieces {
    /** What a client heard, and what the server did, of one session. */
    public record Transcript(byte[] toClient, byte[] toServer) {}

    private InPieces() {}

    /**
     * Sends {@code all} at once, then reads to the end.
     *
     * @param server the wire to the server, which this session has to itself
     * @param size of the pieces; 0 for whatever comes
     */
    public static Transcript session(InetSocketAddress ambassador, FaultRelay server, int size, byte[] all)
            throws IOException {
        int before = server.recorded(Direction.TO_SERVER).length;
        for (Direction direction : Direction.values()) {
            server.slice(direction, size);
        }
        byte[] heard;
        try (FaultRelay client = FaultRelay.to(ambassador)
                        .slice(Direction.TO_SERVER, size)
                        .slice(Direction.TO_CLIENT, size);
                Socket socket = new Socket("127.0.0.1", client.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(all);
            heard = socket.getInputStream().readAllBytes();
        }
        await().until(() -> server.open() == 0); // by then all is recorded
        byte[] recorded = server.recorded(Direction.TO_SERVER);
        return new Transcript(heard, Arrays.copyOfRange(recorded, before, recorded.length));
    }
}
