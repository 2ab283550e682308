package io.ambassador.launcher.logging;

import io.ambassador.spi.PeerText;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line: {@code time}, {@code level}, {@code logger}, {@code message}, then the event's own keys, and
 * {@code exception} with the stack.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8259#section-7">RFC 8259, section 7</a>
 */
final class JsonFormat implements LineFormat {
    @Override
    public String format(Event event) {
        StringBuilder line = new StringBuilder(event.values().isEmpty() ? 192 : 512).append("{\"time\":\"");
        LineFormat.time(line, event.epochMillis());
        line.append("\",\"level\":\"").append(event.level().name()).append('"');
        field(line, "logger", TextFormat.shorten(event.logger()));
        field(line, "message", event.message());
        Set<String> used = new HashSet<>(Set.of("time", "level", "logger", "message", "exception"));
        for (KeyValuePair pair : event.values()) {
            String key = pair.key;
            while (!used.add(key)) {
                key += "_";
            }
            if (pair.value instanceof Number || pair.value instanceof Boolean) {
                line.append(',');
                string(line, key);
                line.append(':').append(pair.value);
            } else {
                field(line, key, String.valueOf(pair.value));
            }
        }
        if (event.thrown() != null) {
            StringWriter stack = new StringWriter();
            event.thrown().printStackTrace(new PrintWriter(stack));
            field(line, "exception", stack.toString());
        }
        return line.append("}\n").toString();
    }

    private static void field(StringBuilder line, String key, String value) {
        line.append(',');
        string(line, key);
        line.append(':');
        string(line, value);
    }

    private static void string(StringBuilder line, String text) {
        line.append('"')
                .append(PeerText.escape(text.replace("\\", "\\\\").replace("\"", "\\\"")))
                .append('"');
    }
}
