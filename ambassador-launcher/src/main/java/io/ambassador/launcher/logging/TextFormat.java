package io.ambassador.launcher.logging;

import io.ambassador.spi.PeerText;
import org.slf4j.event.KeyValuePair;

/** {@code 2026-11-22T01:02:03.004Z INFO  service.redis message key=value}, for people. */
final class TextFormat implements LineFormat {
    private static final String OWN = "ambassador.";

    /** Our own loggers, by class or by service, go without the product's name. */
    static String shorten(String logger) {
        String name = logger.startsWith("io." + OWN) ? logger.substring("io.".length()) : logger;
        return name.startsWith(OWN) ? name.substring(OWN.length()) : name;
    }

    @Override
    public String format(Event event) {
        StringBuilder line = new StringBuilder(event.values().isEmpty() ? 128 : 512);
        LineFormat.time(line, event.epochMillis());
        String level = event.level().name();
        line.append(' ').append(level).append(level.length() < 5 ? "  " : " ");
        safe(line, shorten(event.logger()));
        line.append(' ');
        safe(line, event.message());
        for (KeyValuePair pair : event.values()) {
            line.append(' ');
            safe(line, pair.key);
            line.append('=');
            value(line, String.valueOf(pair.value));
        }
        if (event.thrown() != null) {
            line.append(" exception=");
            value(line, event.thrown().toString());
            stack(line, event.thrown());
        }
        return line.append('\n').toString();
    }

    private static void stack(StringBuilder line, Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause != thrown) {
                line.append("\n    caused by ");
                safe(line, cause.toString());
            }
            for (StackTraceElement frame : cause.getStackTrace()) {
                line.append("\n        at ").append(frame);
            }
        }
    }

    /** Quoted where a reader could not tell its end. */
    private static void value(StringBuilder line, String value) {
        if (!needsQuotes(value)) {
            safe(line, value);
            return;
        }
        line.append('"');
        safe(line, value.replace("\\", "\\\\").replace("\"", "\\\""));
        line.append('"');
    }

    private static boolean needsQuotes(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c <= ' ' || c == '"' || c == '=') {
                return true;
            }
        }
        return value.isEmpty();
    }

    private static void safe(StringBuilder line, String text) {
        line.append(PeerText.escape(text));
    }
}
