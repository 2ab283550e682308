package io.ambassador.launcher;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.ambassador.Ambassador;
import io.ambassador.launcher.config.ConfigReader;
import io.ambassador.service.Catalog;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;

/** Starts from HOCON, for embedders: the same that {@code ambassador run} starts, without its admin address. */
public final class AmbassadorConfig {
    private AmbassadorConfig() {}

    /**
     * Starts what the block {@code ambassador} of {@code config} describes.
     *
     * @param config resolved, as {@code ConfigFactory.load()} gives it
     * @throws AmbassadorException if the configuration is wrong or it cannot start; everything is released
     */
    public static Ambassador fromConfig(Config config) throws AmbassadorException {
        return builderFrom(config).start();
    }

    /**
     * An ambassador as described by the block {@code ambassador} of {@code config}, which may hold other blocks.
     *
     * @param config resolved, as {@code ConfigFactory.load()} gives it
     * @throws ConfigurationException with every problem there is, each with its origin
     */
    public static Ambassador.Builder builderFrom(Config config) throws ConfigurationException {
        if (!config.isResolved()) {
            throw new ConfigurationException("The configuration has substitutions that are not resolved. Resolve it.");
        }
        Config block;
        try {
            block = config.getConfig("ambassador");
        } catch (ConfigException e) {
            throw new ConfigurationException("The configuration has no block ambassador { … }. Add one.");
        }
        return ConfigReader.read(block, Catalog.load()).toBuilder();
    }
}
