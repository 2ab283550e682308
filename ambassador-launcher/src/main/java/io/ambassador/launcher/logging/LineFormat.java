package io.ambassador.launcher.logging;

import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Makes one line of an event, its end included. */
interface LineFormat {
    String format(Event event);

    /** RFC 3339 in UTC with milliseconds; by hand, since a formatter's classes take longer to load than all of this. */
    static void time(StringBuilder line, long epochMillis) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(Math.floorDiv(epochMillis, 1_000L), 0, ZoneOffset.UTC);
        digits(line, time.getYear(), 4).append('-');
        digits(line, time.getMonthValue(), 2).append('-');
        digits(line, time.getDayOfMonth(), 2).append('T');
        digits(line, time.getHour(), 2).append(':');
        digits(line, time.getMinute(), 2).append(':');
        digits(line, time.getSecond(), 2).append('.');
        digits(line, (int) Math.floorMod(epochMillis, 1_000L), 3).append('Z');
    }

    private static StringBuilder digits(StringBuilder line, int number, int width) {
        String text = Integer.toString(number);
        for (int i = text.length(); i < width; i++) {
            line.append('0');
        }
        return line.append(text);
    }
}
