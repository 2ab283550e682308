package io.ambassador.launcher.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Which port to listen on. */
final class Ports {
    private Ports() {}

    /** {@code wellKnown} if it is wanted and free now, else 0, which takes a free one. */
    static int choose(int wellKnown, boolean wanted) {
        if (!wanted) {
            return 0;
        }
        try (ServerSocket free = new ServerSocket(wellKnown, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        } catch (IOException e) {
            return 0; // taken
        }
    }
}
