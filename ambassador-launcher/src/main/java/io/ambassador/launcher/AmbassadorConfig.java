package io.ambassador.launcher;

import com.typesafe.config.Config;
import io.ambassador.Ambassador;
import io.ambassador.launcher.config.ConfigReader;
import io.ambassador.service.Catalog;
import io.ambassador.spi.ConfigurationException;

/** Starts from HOCON, for embedders: the same that {@code ambassador run} starts, without its admin address. */
public final class AmbassadorConfig {
    private AmbassadorConfig() {}

    /**
     * An ambassador as described by the block {@code ambassador} of {@code config}, which may hold other blocks.
     *
     * @param config resolved, as {@code ConfigFactory.load()} gives it
     * @throws ConfigurationException with every problem there is, each with its origin
     */
    public static Ambassador.Builder builderFrom(Config config) throws ConfigurationException {
        if (!config.hasPath("ambassador")) {
            throw new ConfigurationException("The configuration has no block ambassador { … }. Add one.");
        }
        return ConfigReader.read(config.getConfig("ambassador"), Catalog.load()).toBuilder();
    }
}
