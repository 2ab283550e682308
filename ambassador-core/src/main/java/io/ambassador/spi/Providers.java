package io.ambassador.spi;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All providers of one kind, by their word.
 *
 * @param <P> the provider interface
 */
public final class Providers<P extends Provider<?>> {
    private final String kind;
    private final Map<String, P> byType;

    private Providers(String kind, Map<String, P> byType) {
        this.kind = kind;
        this.byType = byType;
    }

    /**
     * Finds every provider of {@code kind} on the class path.
     *
     * @param noun what users call it in messages, such as {@code "discovery source"}
     * @throws ConfigurationException if two providers have one word, or one cannot be loaded
     */
    @SuppressWarnings("unchecked") // the class literal of a generic interface is raw
    public static <P extends Provider<?>> Providers<P> load(Class<? super P> kind, String noun)
            throws ConfigurationException {
        List<P> found = new ArrayList<>();
        ClassLoader loader = kind.getClassLoader();
        Iterator<?> providers = ServiceLoader.load(kind, loader).iterator();
        try {
            while (providers.hasNext()) {
                found.add((P) providers.next());
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new ConfigurationException("A " + noun + " cannot be loaded: " + e.getMessage()
                    + (e.getCause() == null ? "" : ": " + e.getCause())
                    + ". Correct its META-INF/services entry, or take its jar off the class path.");
        }
        return of(noun, found);
    }

    /** The same from a given list, for embedders and tests that do without {@link ServiceLoader}. */
    public static <P extends Provider<?>> Providers<P> of(String noun, List<? extends P> providers)
            throws ConfigurationException {
        Map<String, P> byType = new TreeMap<>();
        for (P provider : providers) {
            P other = byType.putIfAbsent(provider.type(), provider);
            if (other != null) {
                throw new ConfigurationException("Two providers are both called " + noun + " \"" + provider.type()
                        + "\": " + other.getClass().getName() + " and "
                        + provider.getClass().getName() + ". Take one of their jars off the class path.");
            }
        }
        return new Providers<>(noun, byType);
    }

    /** The provider called {@code type}; {@code null} if there is none. */
    public @Nullable P find(String type) {
        return byType.get(type);
    }

    /** The provider called {@code type}. */
    public P get(String type) throws ConfigurationException {
        P provider = byType.get(type);
        if (provider == null) {
            throw new ConfigurationException("\"" + type + "\" " + unknown(type));
        }
        return provider;
    }

    /** The rest of a sentence that begins with the unknown word. */
    public String unknown(String type) {
        return "is not a known " + kind + " (" + Words.didYouMean(type, byType.keySet())
                + "). Correct it, or add the jar that provides it";
    }

    /** Every known word, sorted. */
    public Iterable<String> types() {
        return byType.keySet();
    }
}
