package io.ambassador.transport;

import io.netty.channel.ChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * TCP's congestion control between processes of one machine. BBR, the default of many systems, paces what is sent by a
 * timer; where there is no network in between, that only halves the throughput.
 */
final class LoopbackCongestion {
    /** How a socket is told, by its number in Linux; a name of four letters. */
    static final ChannelOption<ByteBuffer> OPTION = new RawUnixChannelOption("TCP_CONGESTION", 6, 13, 4);

    private static final String UNPACED = "reno"; // always built in, and allowed to everybody
    private static final boolean PACES = paces(Path.of("/proc/sys/net/ipv4/tcp_congestion_control"));

    private LoopbackCongestion() {}

    /** Whether sockets of loopback need be told, since the system's default paces. */
    static boolean paces() {
        return PACES;
    }

    /** @param systemDefault the file that names it; one that cannot be read does not pace */
    static boolean paces(Path systemDefault) {
        try {
            return Files.readString(systemDefault).startsWith("bbr");
        } catch (IOException e) {
            return false; // not Linux, or hidden from this process: the default is as good as it was
        }
    }

    /** What to set {@link #OPTION} to. */
    static ByteBuffer unpaced() {
        return ByteBuffer.wrap(UNPACED.getBytes(StandardCharsets.US_ASCII));
    }
}
