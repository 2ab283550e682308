package io.ambassador.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network namespace with addresses of its own, reached over a pair of virtual interfaces, and with firewall rules
 * that hold inside it alone. Needs root. Everything is gone when it is closed, and when the JVM ends.
 */
final class Netns implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name = "amb" + ProcessHandle.current().pid() + "x" + COUNT.incrementAndGet();
    private final String network =
            "198.18." + ThreadLocalRandom.current().nextInt(256) + "."; // set aside for tests of networks, RFC 2544
    private final Thread hook = new Thread(this::delete);
    private boolean deleted;

    private Netns() {}

    /** With the addresses {@link #address address(0)} to {@code address(addresses - 1)}. */
    static Netns create(int addresses) {
        Netns netns = new Netns();
        Runtime.getRuntime().addShutdownHook(netns.hook);
        try {
            netns.setUp(addresses);
        } catch (RuntimeException e) {
            netns.close();
            throw e;
        }
        return netns;
    }

    private void setUp(int addresses) {
        Running.run("ip", "netns", "add", name);
        Running.run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
        Running.run("ip", "addr", "add", network + "1/24", "dev", name);
        Running.run("ip", "link", "set", name, "up");
        for (int i = 0; i < addresses; i++) {
            inside("ip", "addr", "add", address(i) + "/24", "dev", "eth0");
        }
        inside("ip", "link", "set", "lo", "up");
        inside("ip", "link", "set", "eth0", "up");
    }

    String address(int index) {
        return network + (10 + index);
    }

    /** Of this machine, as seen from inside. */
    String gateway() {
        return network + "1";
    }

    /** What a command line begins with, to run inside. */
    List<String> prefix() {
        return List.of("ip", "netns", "exec", name);
    }

    /** Nothing that is sent to {@code address} arrives. */
    void drop(String address) {
        inside("iptables", "-w", "-A", "INPUT", "-d", address, "-j", "DROP");
    }

    /** Nothing that is sent to TCP {@code port}, or from it, gets in or out. */
    void dropTcpBetween(int port) {
        for (String chain : List.of("INPUT", "OUTPUT")) {
            for (String end : List.of("--dport", "--sport")) {
                inside("iptables", "-w", "-A", chain, "-p", "tcp", end, Integer.toString(port), "-j", "DROP");
            }
        }
    }

    /** All rules are gone. */
    void clear() {
        inside("iptables", "-w", "-F");
    }

    /** New connections to {@code address} are answered with RST; those that are open stay. */
    void reject(String address) {
        inside(
                "iptables",
                "-w",
                "-A",
                "INPUT",
                "-p",
                "tcp",
                "--syn",
                "-d",
                address,
                "-j",
                "REJECT",
                "--reject-with",
                "tcp-reset");
    }

    /** Packets that rules for {@code address} have met. */
    long met(String address) {
        return inside("iptables", "-w", "-L", "INPUT", "-v", "-x", "-n")
                .lines()
                .map(line -> line.trim().split("\\s+"))
                .filter(fields -> fields.length > 8 && fields[8].equals(address))
                .mapToLong(fields -> Long.parseLong(fields[0]))
                .sum();
    }

    private String inside(String... command) {
        List<String> line = new ArrayList<>(prefix());
        line.addAll(List.of(command));
        return Running.run(line.toArray(String[]::new));
    }

    @Override
    public void close() {
        delete();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The hook runs already, and finds nothing left to do.
        }
    }

    private synchronized void delete() {
        if (deleted) {
            return;
        }
        deleted = true;
        // The interfaces first: sockets that have not yet ended would keep the namespace and its half alive for a
        // while.
        if (Running.run("ip", "-o", "link").contains(" " + name + "@")) {
            Running.run("ip", "link", "del", name);
        }
        if (Running.run("ip", "netns", "list").lines().anyMatch(line -> line.split(" ")[0].equals(name))) {
            Running.run("ip", "netns", "del", name);
        }
    }
}
