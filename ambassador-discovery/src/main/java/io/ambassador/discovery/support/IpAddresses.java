package io.ambassador.discovery.support;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Literal IP addresses, read and written without ever asking a resolver. */
public final class IpAddresses {
    private IpAddresses() {}

    /** {@code text} as an address; {@code null} if it is a name, or no address at all. Scope ids are no address. */
    public static @Nullable InetAddress parse(String text) {
        if (text.indexOf(':') >= 0) {
            return text.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == ':' || c == '.')
                    ? literal(text)
                    : null;
        }
        return isDottedQuad(text) ? literal(text) : null;
    }

    /** The one spelling of an address: RFC 5952 for IPv6, so that equal addresses are equal text. */
    public static String text(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? address.getHostAddress() : textOfSixteen(bytes);
    }

    /** {@code text} in its one spelling; {@code null} if it is not an address. */
    public static @Nullable String canonical(String text) {
        InetAddress address = parse(text);
        return address == null ? null : text(address);
    }

    private static @Nullable InetAddress literal(String text) {
        try {
            return InetAddress.getByName(text); // asks nobody: the text is made of an address's characters only
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private static boolean isDottedQuad(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return false;
        }
        for (String part : parts) {
            boolean digits =
                    !part.isEmpty() && part.length() <= 3 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            if (!digits || Integer.parseInt(part) > 255 || (part.length() > 1 && part.charAt(0) == '0')) {
                return false;
            }
        }
        return true;
    }

    private static String textOfSixteen(byte[] bytes) {
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
        }
        int zerosAt = -1;
        int zeros = 1; // a single zero group is not shortened
        for (int i = 0; i < 8; i++) {
            int run = 0;
            while (i + run < 8 && groups[i + run] == 0) {
                run++;
            }
            if (run > zeros) {
                zerosAt = i;
                zeros = run;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == zerosAt) {
                text.append("::");
                i += zeros - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
