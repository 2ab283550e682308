package io.ambassador.spi.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A protocol set up for one service. Thread-safe. */
public interface Protocol {
    /** Begins a client's session. */
    Session open(Client client);

    /**
     * Begins a session without a client, to log in beforehand: of it {@link Session#login} is called once, then it is
     * adopted by a client's session, or told that it has ended.
     *
     * @param key one that {@link Session#warmKey} returned
     */
    default Session openWarm(Object key) {
        throw new IllegalArgumentException("key: " + key + " (expected: none)");
    }

    /**
     * The key that every client's {@link Session#warmKey} equals, so that connections can be logged in before the
     * first client comes; {@code null} where it depends on the client, or there is none.
     */
    default @Nullable Object commonWarmKey() {
        return null;
    }

    /**
     * Whether TLS begins only after a few words in plain text, on either side. Such a protocol starts it itself, with
     * {@link Login#startTls} and {@link Client#startTls}; for the others it begins with the connection.
     */
    default boolean negotiatesTls() {
        return false;
    }

    /**
     * What clients that begin with TLS may ask to speak, best first; empty not to answer them on that.
     *
     * @see <a href="https://www.rfc-editor.org/rfc/rfc7301">RFC 7301, ALPN</a>
     */
    default List<String> applicationProtocols() {
        return List.of();
    }
}
