package io.ambassador.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.balancing.BalancingPolicyProvider;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProvidersTest {
    private record Plain(String type) implements Provider<Plain.Config> {
        record Config() {}

        @Override
        public Config parse(Settings settings) {
            return new Config();
        }
    }

    /** A kind whose META-INF/services entry leads to {@link Broken}. */
    public interface BrokenKind extends Provider<Plain.Config> {}

    /** Cannot be loaded, as if its client library were missing. */
    public static final class Broken implements BrokenKind {
        static final int LOADED = fail();

        public Broken() {}

        private static int fail() {
            throw new NoClassDefFoundError("com/example/Client");
        }

        @Override
        public String type() {
            return "broken" + LOADED;
        }

        @Override
        public Plain.Config parse(Settings settings) {
            return new Plain.Config();
        }
    }

    @Test
    void findsThoseOnTheClassPath() throws ConfigurationException {
        Providers<BalancingPolicyProvider<?>> policies =
                Providers.load(BalancingPolicyProvider.class, "balancing policy");

        assertEquals("first", policies.get("first").type());
        assertNull(policies.find("firts"));
    }

    @Test
    void twoOfOneWordAreAnErrorThatNamesBoth() {
        ConfigurationException refused = assertThrows(
                ConfigurationException.class,
                () -> Providers.of("health probe", List.of(new Plain("tcp"), new Plain("tcp"))));

        assertTrue(
                refused.getMessage().contains("health probe \"tcp\": " + Plain.class.getName()), refused.getMessage());
    }

    @Test
    void anUnknownWordIsRefusedWithTheNearest() throws ConfigurationException {
        Providers<Plain> providers = Providers.of("discovery source", List.of(new Plain("consul"), new Plain("dns")));

        ConfigurationException refused = assertThrows(ConfigurationException.class, () -> providers.get("consull"));

        assertEquals(
                "\"consull\" is not a known discovery source (did you mean consul? known: consul, dns). Correct it, or"
                        + " add the jar that provides it",
                refused.getMessage());
    }

    @Test
    void aProviderThatCannotBeLoadedIsNamedWithTheReason() {
        ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> Providers.load(BrokenKind.class, "thing"));

        assertTrue(refused.getMessage().contains("ProvidersTest$Broken"), refused.getMessage());
        assertTrue(refused.getMessage().contains("com/example/Client"), refused.getMessage());
    }
}
