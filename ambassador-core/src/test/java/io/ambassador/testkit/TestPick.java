package io.ambassador.testkit;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** One connection's pick. Not thread-safe. */
public final class TestPick implements Pick {
    private final SocketAddress client;
    private final Set<Candidate> tried = Collections.newSetFromMap(new IdentityHashMap<>());

    public TestPick(SocketAddress client) {
        this.client = client;
    }

    /** From 172.16.0.0/12, another address for each {@code number} below 2^20, and another port. */
    public static TestPick from(int number) {
        byte[] address = {(byte) 172, (byte) (16 + (number >> 16 & 0x0f)), (byte) (number >> 8), (byte) number};
        try {
            return new TestPick(new InetSocketAddress(InetAddress.getByAddress(address), 1024 + number % 60_000));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Marks {@code candidate} as tried. */
    public TestPick after(Candidate candidate) {
        tried.add(candidate);
        return this;
    }

    @Override
    public SocketAddress client() {
        return client;
    }

    @Override
    public boolean tried(Candidate candidate) {
        return tried.contains(candidate);
    }
}
