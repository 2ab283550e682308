package io.ambassador.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What another process holds in its memory, as a debugger would see it. Needs root. */
final class ProcessMemory {
    private static final Pattern REGION = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) (\\S{4}) .*");
    private static final int CHUNK = 1 << 20;

    private ProcessMemory() {}

    /** How many times {@code text} lies in what process {@code pid} can write to: heap, buffers, stacks, C heap. */
    static int copies(long pid, String text) throws IOException {
        int copies = 0;
        List<String> regions = Files.readAllLines(Path.of("/proc", Long.toString(pid), "maps"));
        try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "r")) {
            for (String region : regions) {
                Matcher matcher = REGION.matcher(region);
                if (matcher.matches() && matcher.group(3).startsWith("rw")) {
                    copies += copies(
                            memory,
                            Long.parseLong(matcher.group(1), 16),
                            Long.parseLong(matcher.group(2), 16),
                            text.getBytes(ISO_8859_1));
                }
            }
        }
        return copies;
    }

    /** How many times {@code text} lies in a file, such as a heap dump. */
    static int copies(Path file, String text) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
            return copies(content, 0, content.length(), text.getBytes(ISO_8859_1));
        }
    }

    private static int copies(RandomAccessFile file, long from, long to, byte[] wanted) throws IOException {
        int copies = 0;
        byte[] chunk = new byte[CHUNK + wanted.length - 1];
        for (long at = from; at < to; at += CHUNK) {
            int length = (int) Math.min(chunk.length, to - at);
            try {
                file.seek(at);
                file.readFully(chunk, 0, length);
            } catch (IOException e) {
                continue; // a page that was given back meanwhile
            }
            for (int i = 0; i + wanted.length <= length; i++) {
                if (chunk[i] == wanted[0] && matches(chunk, i, wanted)) {
                    copies++;
                }
            }
        }
        return copies;
    }

    private static boolean matches(byte[] chunk, int at, byte[] wanted) {
        for (int i = 1; i < wanted.length; i++) {
            if (chunk[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}
