package io.ambassador.launcher;

/** A command could not do its work; the message is all there is to say. */
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    CommandFailure(String message) {
        super(message, null, false, false);
    }
}
