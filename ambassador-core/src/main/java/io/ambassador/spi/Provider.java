package io.ambassador.spi;

/**
 * Something swappable, found by {@link java.util.ServiceLoader} under its own interface.
 *
 * @param <C> the typed settings, an immutable record whose equality tells whether a reload changed anything
 */
public interface Provider<C extends Record> {
    /** The word users write in configuration, lower case with hyphens: {@code discovery.type = srv}. */
    String type();

    /**
     * Reads and checks settings. Pure: opens no socket and reads no file, so that {@code check} stays free of side
     * effects. Problems go to {@link Settings}, which collects them; every key asked for is a known key.
     */
    C parse(Settings settings);
}
