package io.ambassador.discovery.mdns;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.xbill.DNS.TXTRecord;

/** What an instance tells of itself: {@code key=value} strings (RFC 6763, section 6). */
final class Txt {
    /** What keys begin with in an endpoint's metadata, so that none can pass for what a source knows itself. */
    private static final String PREFIX = "txt.";

    /** More than the recommended limit of section 6.2 is not for discovery. */
    private static final int MOST_BYTES = 1_300;

    private Txt() {}

    /** Keys in small letters; of a key given twice, the first counts; a key without {@code =} has an empty value. */
    static Map<String, String> metadata(TXTRecord txt) {
        Map<String, String> metadata = new HashMap<>();
        int bytes = 0;
        for (byte[] string : txt.getStringsAsByteArrays()) {
            bytes += string.length + 1;
            String text = new String(string, UTF_8);
            int equals = text.indexOf('=');
            String key = equals < 0 ? text : text.substring(0, equals);
            if (!key.isEmpty() && bytes <= MOST_BYTES) {
                metadata.putIfAbsent(
                        PREFIX + key.toLowerCase(Locale.ROOT), equals < 0 ? "" : text.substring(equals + 1));
            }
        }
        return metadata;
    }
}
