package io.ambassador.launcher;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.ambassador.Ambassador;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.testkit.EchoServer;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmbassadorConfigTest {
    @Test
    void anEmbedderStartsWhatItsConfigurationSays() throws Exception {
        try (EchoServer backend = EchoServer.start()) {
            Config config = ConfigFactory.parseString("other { key = 1 }, ambassador { defaults.balancing = first,"
                    + " services.a { listen = 0, discovery = \"static://127.0.0.1:" + backend.port() + "\" } }");
            try (Ambassador ambassador = AmbassadorConfig.fromConfig(config)) {
                await().until(() -> !ambassador.services().get(0).endpoints().isEmpty());
                try (Socket socket = new Socket()) {
                    socket.setSoTimeout(30_000);
                    socket.connect(ambassador.address("a"));
                    socket.getOutputStream().write(new byte[] {1, 2, 3});
                    assertArrayEquals(
                            new byte[] {1, 2, 3}, socket.getInputStream().readNBytes(3));
                }
                assertEquals("first", ambassador.services().get(0).balancing());
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    other = 1                          | has no block ambassador
                    ambassador = 1                     | has no block ambassador
                    ambassador { event-loops = ${x} }  | are not resolved
                    ambassador.services.a.lisen = 1    | services.a.lisen: is not a known key (did you mean listen?
                    """)
    void whatCannotBeUsedIsTold(String text, String message) {
        ConfigurationException wrong = assertThrows(
                ConfigurationException.class, () -> AmbassadorConfig.builderFrom(ConfigFactory.parseString(text)));

        assertTrue(wrong.getMessage().contains(message), wrong::getMessage);
    }
}
