package io.ambassador.spi;

/** Text that a peer chose, made fit for one line of a log or a terminal. */
public final class PeerText {
    private PeerText() {}

    /**
     * Writes as an escape, {@code \n} or four hexadecimal digits, whatever could fake, hide or turn round part of a line:
     * controls, line ends, invisible and unassigned characters, halves of characters.
     */
    public static String escape(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                return escape(text, i);
            }
        }
        return text;
    }

    private static String escape(String text, int from) {
        StringBuilder escaped = new StringBuilder(text.length() + 16).append(text, 0, from);
        for (int i = from; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (isUnsafe(c)) {
                escape(escaped, c);
            } else {
                escaped.appendCodePoint(c);
            }
        }
        return escaped.toString();
    }

    private static void escape(StringBuilder line, int c) {
        switch (c) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                for (char unit : Character.toChars(c)) {
                    line.append("\\u").append(Integer.toHexString(0x10000 | unit), 1, 5);
                }
            }
        }
    }

    private static boolean isUnsafe(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE -> true;
            default -> false;
        };
    }
}
