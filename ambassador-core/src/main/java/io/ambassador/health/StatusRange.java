package io.ambassador.health;

/** HTTP statuses from {@code first} to {@code last}, both included. */
public record StatusRange(int first, int last) {
    static final StatusRange SUCCESS_OR_REDIRECT = new StatusRange(200, 399);

    public StatusRange {
        if (first < 100 || last > 599 || first > last) {
            throw new IllegalArgumentException(first + "-" + last + " (expected: within 100-599)");
        }
    }

    /** Reads {@code 204} or {@code 200-399}. */
    static StatusRange parse(String text) {
        int dash = text.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? text : text.substring(0, dash).trim());
        return new StatusRange(
                first,
                dash < 0 ? first : Integer.parseInt(text.substring(dash + 1).trim()));
    }

    boolean contains(int status) {
        return status >= first && status <= last;
    }
}
