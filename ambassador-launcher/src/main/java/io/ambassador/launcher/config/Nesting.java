package io.ambassador.launcher.config;

import org.jspecify.annotations.Nullable;

/**
 * Looks how deep blocks, lists and keys of HOCON text are nested, before anything that calls itself for each level does.
 *
 * @see <a href="https://github.com/lightbend/config/blob/main/HOCON.md#syntax">HOCON, "Syntax"</a>
 */
final class Nesting {
    /** What people write has ten levels. */
    static final int MOST = 100;

    private final String text;
    private int at;
    private int line = 1;
    private int depth;
    private int parts;

    private Nesting(String text) {
        this.text = text;
    }

    /** The line where {@code text} goes deeper than {@link #MOST}; {@code null} if it does not. */
    static @Nullable Integer lineTooDeep(String text) {
        Nesting nesting = new Nesting(text);
        return nesting.isTooDeep() ? nesting.line : null;
    }

    private boolean isTooDeep() {
        while (at < text.length() && depth <= MOST && parts <= MOST) {
            switch (text.charAt(at)) {
                case '"' -> skipText();
                case '#' -> skipLine();
                case '/' -> {
                    if (text.startsWith("//", at)) {
                        skipLine();
                    } else {
                        at++;
                    }
                }
                case '{', '[' -> level(1);
                case '}', ']' -> level(-1);
                case '.' -> {
                    parts++;
                    at++;
                }
                case '\n' -> {
                    line++;
                    nextKey();
                }
                case ',', '=', ':' -> nextKey();
                default -> at++;
            }
        }
        return depth > MOST || parts > MOST;
    }

    private void level(int change) {
        depth = Math.max(0, depth + change);
        nextKey();
    }

    private void nextKey() {
        parts = 0;
        at++;
    }

    private void skipLine() {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
    }

    private void skipText() {
        boolean threefold = text.startsWith("\"\"\"", at);
        at += threefold ? 3 : 1;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (threefold ? text.startsWith("\"\"\"", at) : c == '"' || c == '\n') {
                at += threefold ? 3 : c == '"' ? 1 : 0;
                return;
            }
            line += c == '\n' ? 1 : 0;
            at += !threefold && c == '\\' ? 2 : 1;
        }
    }
}
