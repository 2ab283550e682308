package io.ambassador.launcher;

import com.typesafe.config.ConfigFactory;
import io.ambassador.launcher.admin.Metrics;
import io.ambassador.launcher.config.ConfigReader;
import io.ambassador.service.Catalog;
import io.ambassador.spi.ConfigurationException;
import io.netty.channel.epoll.Epoll;
import org.slf4j.LoggerFactory;

/**
 * Loads what starting a sidecar needs on a second thread, while the first reads the command line, which takes as long.
 * Nothing depends on it: whoever comes first loads.
 */
final class Preload {
    private static final String JFR = "io.netty.jfr.enabled";
    private static final String SERVICE = "services.a { listen = 0, discovery = \"static://127.0.0.1:1\" }";

    private Preload() {}

    static void beginFor(String[] args) {
        if (System.getProperty(JFR) == null) {
            System.setProperty(JFR, "false"); // events that nobody can record here would cost each start
        }
        if (args.length > 0 && (args[0].equals("run") || args[0].equals("forward"))) {
            Thread thread = new Thread(Preload::load, "ambassador-preload");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void load() {
        try {
            ConfigReader.read(ConfigFactory.parseString(SERVICE), Catalog.load());
            if (Epoll.isAvailable()) {
                new Metrics().close();
            }
        } catch (ConfigurationException e) {
            LoggerFactory.getLogger("ambassador.launcher").debug("Preloading ended early: {}", e.getMessage());
        }
    }
}
