package io.ambassador.transport;

import java.io.IOException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the kernel can relay for us here; asked once, and tried out. */
final class KernelSupport {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.transport");

    /** Before 6.17, and the repairs made to older ones, what a slow reader had taken half of could be sent twice. */
    private static final int MAJOR = 6;

    private static final int MINOR = 17;
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

    private KernelSupport() {}

    /** @return whether it can; if not, the log says why, once */
    static boolean isThere() {
        return Tried.THERE;
    }

    private static final class Tried {
        private static final boolean THERE = attempt();

        private static boolean attempt() {
            String missing = missing();
            if (missing == null) {
                LOG.info("The kernel can relay connections (relay = kernel).");
                return true;
            }
            LOG.warn(
                    "The kernel cannot relay connections (relay = kernel): {}. They are relayed as with relay = auto.",
                    missing);
            return false;
        }
    }

    private static @Nullable String missing() {
        String here = missing(
                System.getProperty("os.name", ""),
                System.getProperty("os.arch", ""),
                System.getProperty("os.version", ""));
        if (here != null) {
            return here;
        }
        try (KernelMaps maps = new KernelMaps(2)) {
            return null;
        } catch (IOException e) {
            return "it needs the capabilities CAP_BPF and CAP_NET_ADMIN, and a system call filter that lets bpf(2) pass ("
                    + e.getMessage() + ")";
        } catch (LinkageError e) {
            return "the native-access library (net.java.dev.jna:jna) is missing or cannot be loaded: " + e;
        }
    }

    /** @return what is missing; {@code null} if it is worth a try */
    static @Nullable String missing(String system, String architecture, String version) {
        if (!system.toLowerCase(Locale.ROOT).contains("linux")) {
            return "it needs Linux, this is " + system;
        }
        if (!architecture.equals("amd64") && !architecture.equals("aarch64")) {
            return "it needs x86-64 or aarch64, this is " + architecture;
        }
        Matcher numbers = VERSION.matcher(version);
        if (!numbers.matches() || !isRecent(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)))) {
            return "it needs Linux " + MAJOR + "." + MINOR + ", this is " + version;
        }
        return null;
    }

    private static boolean isRecent(int major, int minor) {
        return major > MAJOR || major == MAJOR && minor >= MINOR;
    }
}
