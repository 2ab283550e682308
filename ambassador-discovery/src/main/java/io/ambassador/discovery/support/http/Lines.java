package io.ambassador.discovery.support.http;

/** Hears an answer that may never end, on the HTTP thread, which it must not block. */
public interface Lines {
    /** The answer has begun, with a status of 2xx. */
    default void onOpen() {}

    /** One more line, without its end. */
    void onLine(String line);
}
