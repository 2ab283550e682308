package io.ambassador.balancing;

/** Provides {@code balancing = first}: the first endpoint in order, the next one only when it was tried. */
public final class FirstProvider extends PlainProvider {
    public FirstProvider() {
        super("first", () -> FirstPicker::new);
    }
}
