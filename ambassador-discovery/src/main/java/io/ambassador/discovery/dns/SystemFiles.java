package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.IpAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code /etc/resolv.conf} and {@code /etc/hosts} say (resolv.conf(5), hosts(5)). Both are read anew for each
 * look-up, as the C library does, so that a network that comes up late is noticed.
 */
class SystemFiles {
    /** @param ndots names with fewer dots are tried with the search domains first */
    record ResolvConf(List<InetSocketAddress> servers, List<String> search, int ndots) {}

    private static final Logger LOG = LoggerFactory.getLogger(SystemFiles.class);
    private static final int DNS_PORT = 53;
    private static final int MAX_NDOTS = 15;

    private final Path resolvConf;
    private final Path hosts;

    SystemFiles(Path resolvConf, Path hosts) {
        this.resolvConf = resolvConf;
        this.hosts = hosts;
    }

    static SystemFiles ofThisMachine() {
        return new SystemFiles(Path.of("/etc/resolv.conf"), Path.of("/etc/hosts"));
    }

    /** Without the file, or without a server in it: the server on this machine. */
    ResolvConf resolvConf() {
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = List.of();
        int ndots = 1;
        for (String[] words : lines(resolvConf, "[#;].*")) {
            switch (words[0]) {
                case "nameserver" -> {
                    InetAddress address = words.length < 2 ? null : serverAddress(words[1]);
                    if (address != null) {
                        servers.add(new InetSocketAddress(address, DNS_PORT));
                    }
                }
                case "domain", "search" -> search = List.of(words).subList(1, words.length);
                case "options" -> ndots = ndots(words, ndots);
                default -> LOG.trace("{}: {} has no meaning here", resolvConf, words[0]);
            }
        }
        if (servers.isEmpty()) {
            servers.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), DNS_PORT));
        }
        return new ResolvConf(List.copyOf(servers), search, ndots);
    }

    /** The addresses that the hosts file gives {@code name}, in its order. */
    List<InetAddress> addresses(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        List<InetAddress> found = new ArrayList<>();
        for (String[] words : lines(hosts, "#.*")) {
            boolean named = Arrays.stream(words)
                    .skip(1)
                    .anyMatch(word -> word.toLowerCase(Locale.ROOT).equals(wanted));
            InetAddress address = named ? IpAddresses.parse(words[0]) : null;
            if (address != null) {
                found.add(address);
            }
        }
        return found;
    }

    private static int ndots(String[] options, int otherwise) {
        for (String option : options) {
            if (option.matches("ndots:\\d{1,3}")) {
                return Math.min(MAX_NDOTS, Integer.parseInt(option.substring("ndots:".length())));
            }
        }
        return otherwise;
    }

    private static @Nullable InetAddress serverAddress(String text) {
        int scope = text.indexOf('%');
        InetAddress address = IpAddresses.parse(scope < 0 ? text : text.substring(0, scope));
        if (address == null || scope < 0) {
            return address;
        }
        try {
            return InetAddress.getByName(text); // literal with a scope: asks nobody
        } catch (UnknownHostException e) {
            LOG.debug("nameserver {}: no such interface", text, e);
            return null;
        }
    }

    private static List<String[]> lines(Path file, String comment) {
        List<String[]> lines = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String content = line.replaceFirst(comment, "").trim();
                if (!content.isEmpty()) {
                    lines.add(content.split("\\s+"));
                }
            }
        } catch (IOException e) {
            LOG.debug("{} cannot be read; going on without it", file, e);
        }
        return lines;
    }
}
