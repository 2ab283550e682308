package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real Avahi, the mDNS responder of most Linux systems, in a network namespace of its own: the only link it is on leads
 * to this machine, so nothing leaves that. It is told what to publish over a bus of its own. Needs root.
 */
public final class Avahi implements AutoCloseable {
    /** Something that is published until it is closed. */
    public final class Publication implements AutoCloseable {
        private final Path output;
        private final Daemon daemon;

        private Publication(boolean awaits, List<String> words) {
            List<String> line =
                    new ArrayList<>(List.of("env", "DBUS_SYSTEM_BUS_ADDRESS=" + bus(), "avahi-publish", "--no-fail"));
            line.addAll(words);
            Path directory = Daemon.newDirectory("avahi-publish");
            output = directory.resolve("output.log");
            daemon = Daemon.start(directory, line, () -> !awaits || established() > 0);
        }

        /** How often the link has agreed to it, a second or two after it was published, or Avahi came back. */
        public int established() {
            try {
                return Files.readString(output).split("Established", -1).length - 1;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Not if Avahi was killed just when it was told. */
        public boolean isAlive() {
            return daemon.isAlive();
        }

        /** Ends its process, at which Avahi withdraws it. */
        @Override
        public void close() {
            daemon.close();
        }
    }

    private static final List<String> TABLES = List.of("iptables", "ip6tables");
    private static final List<String> FILTERED = List.of("INPUT", "OUTPUT");
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final String BUS = """
            <busconfig>
              <type>system</type>
              <listen>unix:path=%s</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow user="*"/>
                <allow own="*"/>
                <allow send_type="method_call"/>
                <allow send_type="method_return"/>
                <allow send_type="signal"/>
                <allow send_type="error"/>
                <allow receive_type="method_call"/>
                <allow receive_type="method_return"/>
                <allow receive_type="signal"/>
                <allow receive_type="error"/>
              </policy>
            </busconfig>
            """;
    private static final String CONFIGURATION = """
            [server]
            host-name=%s
            allow-interfaces=eth0
            use-ipv4=%s
            use-ipv6=yes
            [wide-area]
            enable-wide-area=no
            [publish]
            publish-hinfo=no
            publish-workstation=no
            """;

    private final String name = "amb" + ProcessHandle.current().pid() + "m" + COUNT.incrementAndGet();
    private final String network = "198.18." + ThreadLocalRandom.current().nextInt(256) + "."; // RFC 2544
    private final String network6 =
            "fd42:" + Integer.toHexString(1 + ThreadLocalRandom.current().nextInt(0xffff)) + "::"; // RFC 4193
    private final Path directory = Daemon.newDirectory("avahi");
    private final Thread hook = new Thread(this::end, "end-avahi");
    private Daemon bus;
    private Daemon daemon;

    private final boolean ipv4;

    private Avahi(boolean ipv4) {
        this.ipv4 = ipv4;
    }

    public static Avahi start() {
        return start(true);
    }

    /** @param ipv4 false to speak IPv6 alone */
    public static Avahi start(boolean ipv4) {
        Avahi avahi = new Avahi(ipv4);
        Runtime.getRuntime().addShutdownHook(avahi.hook);
        try {
            avahi.setUp();
        } catch (RuntimeException | IOException e) {
            avahi.close();
            throw e instanceof RuntimeException runtime ? runtime : new UncheckedIOException((IOException) e);
        }
        return avahi;
    }

    private void setUp() throws IOException {
        run("ip", "netns", "add", name);
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
        run("ip", "addr", "add", here() + "/24", "dev", name);
        run("ip", "link", "set", name, "up");
        inside("ip", "addr", "add", address() + "/24", "dev", "eth0");
        run("ip", "addr", "add", network6 + "1/64", "dev", name, "nodad");
        inside("ip", "addr", "add", address6() + "/64", "dev", "eth0", "nodad");
        inside("ip", "link", "set", "lo", "up");
        inside("ip", "link", "set", "eth0", "up");
        directory.toFile().setExecutable(true, false); // others may have a right to the bus
        Path busConfiguration = Files.writeString(directory.resolve("bus.conf"), String.format(BUS, socket()));
        Files.writeString(directory.resolve("avahi.conf"), String.format(CONFIGURATION, name, ipv4 ? "yes" : "no"));
        Files.createDirectory(directory.resolve("services"));
        bus = Daemon.start(
                Daemon.newDirectory("bus"),
                List.of("dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + busConfiguration),
                () -> Files.exists(socket()));
        restart();
    }

    /** The network interface at this end of the link. */
    public String networkInterface() {
        return name;
    }

    /** Its own name. */
    public String host() {
        return name + ".local";
    }

    /** Avahi's own, for servers inside. */
    public String address() {
        return network + "10";
    }

    public String address6() {
        return network6 + "10";
    }

    /** This machine's on the link. */
    public String here() {
        return network + "1";
    }

    /** What a command line begins with, to run inside. */
    public List<String> prefix() {
        return List.of("ip", "netns", "exec", name);
    }

    /** What clients of Avahi's read as {@code DBUS_SYSTEM_BUS_ADDRESS}. */
    public String bus() {
        return "unix:path=" + socket();
    }

    /** Whether something inside listens at {@code port}. */
    public boolean accepts(int port) {
        return !inside("ss", "-Hltn", "sport", "=", ":" + port).isBlank();
    }

    /** Publishes {@code instance} on Avahi's own host. */
    public Publication publish(String instance, String type, int port, String... txt) {
        List<String> words = new ArrayList<>(List.of("--service", instance, type, Integer.toString(port)));
        words.addAll(List.of(txt));
        return new Publication(true, words);
    }

    /** Publishes {@code instance} on a host that is {@link #beginAddress published} besides, and does not wait for it. */
    public Publication begin(String host, String instance, String type, int port) {
        return new Publication(false, List.of("--service", "--host=" + host, instance, type, Integer.toString(port)));
    }

    /** Does not wait for it. */
    public Publication beginAddress(String host, String address) {
        return new Publication(false, List.of("--address", "--no-reverse", host, address));
    }

    /** SIGKILL: nobody says goodbye. What is published is published again after {@link #restart}. */
    public void kill() {
        daemon.kill();
    }

    public void restart() {
        String own = directory.toString();
        daemon = Daemon.start(
                Daemon.newDirectory("avahi-daemon"),
                List.of(
                        "env",
                        "DBUS_SYSTEM_BUS_ADDRESS=" + bus(),
                        "unshare",
                        "--mount",
                        "ip",
                        "netns",
                        "exec",
                        name,
                        "sh",
                        "-c",
                        "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && mount --bind " + own
                                + " /etc/avahi && exec avahi-daemon --file=" + own
                                + "/avahi.conf --no-drop-root --no-chroot --no-rlimits"),
                () -> run(
                                "dbus-send",
                                "--bus=" + bus(),
                                "--print-reply=literal",
                                "--dest=org.freedesktop.DBus",
                                "/",
                                "org.freedesktop.DBus.NameHasOwner",
                                "string:org.freedesktop.Avahi")
                        .contains("true"));
    }

    /** Nothing gets in or out any more, though the link is there. */
    public void cutOff() {
        FILTERED.forEach(chain -> TABLES.forEach(tables -> inside(tables, "-w", "-A", chain, "-j", "DROP")));
    }

    public void reconnect() {
        FILTERED.forEach(chain -> TABLES.forEach(tables -> inside(tables, "-w", "-F", chain)));
    }

    /** This machine's own firewall refuses what is to be sent to the link. */
    public void forbid() {
        TABLES.forEach(tables -> run(tables, "-w", "-I", "OUTPUT", "-o", name, "-j", "DROP"));
    }

    public void allow() {
        TABLES.forEach(tables -> run("sh", "-c", tables + " -w -D OUTPUT -o " + name + " -j DROP 2>&1 || true"));
    }

    /** As if the cable were pulled: this machine's end has no carrier. */
    public void unplug() {
        inside("ip", "link", "set", "eth0", "down");
    }

    public void plugIn() {
        inside("ip", "link", "set", "eth0", "up");
        inside("ip", "addr", "add", address6() + "/64", "dev", "eth0", "nodad"); // which went down with the link
    }

    /** SIGSTOP. */
    public void pause() {
        daemon.pauseProcess();
    }

    /** SIGCONT. */
    public void resume() {
        daemon.resumeProcess();
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(hook);
        end();
    }

    private void end() {
        for (Daemon each : Arrays.asList(daemon, bus)) {
            if (each != null) {
                each.close();
            }
        }
        allow(); // what was forbidden and stayed so
        // The interfaces first: the namespace may live a little longer, and so would its half of them.
        run(
                "sh",
                "-c",
                "ip link del " + name + " 2>/dev/null; ip netns del " + name + " 2>/dev/null; rm -r " + directory);
    }

    private Path socket() {
        return directory.resolve("bus");
    }

    private String inside(String... command) {
        List<String> line = new ArrayList<>(prefix());
        line.addAll(List.of(command));
        return run(line.toArray(String[]::new));
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(String.join(" ", command) + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot start " + command[0] + ". Run bin/verify, which installs what tests need.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
