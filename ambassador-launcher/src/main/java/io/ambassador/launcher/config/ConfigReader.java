package io.ambassador.launcher.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.launcher.logging.Logging;
import io.ambassador.service.Catalog;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Settings;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads what stands under {@code ambassador} into a {@link Configuration}, or says everything that is wrong. */
public final class ConfigReader {
    /** What replaces a value of {@code defaults} whole, since blocks of two kinds cannot be mixed. */
    private static final List<String> NOT_MIXED = List.of(
            "discovery",
            "balancing",
            "credentials.password",
            "credentials.next",
            "credentials.on-rotation",
            "client-credentials");

    private final Catalog catalog;
    private final Map<ListenAddress, String> taken = new HashMap<>();

    ConfigReader(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * @param config resolved; from {@link ConfigSources}, or an embedder's own
     * @throws ConfigurationException with every problem there is
     */
    public static Configuration read(Config config, Catalog catalog) throws ConfigurationException {
        try {
            return new ConfigReader(catalog).read(config);
        } catch (StackOverflowError e) {
            throw new ConfigurationException("configuration: is nested too deeply");
        }
    }

    private Configuration read(Config written) throws ConfigurationException {
        Config config = inherit(written, catalog);
        Settings root = Settings.of("", new HoconSource(config.root()));
        if (root.has("defaults") && !isBlock(config, "defaults")) {
            root.problem("defaults", "is not a block { … }");
        }
        Globals globals = globals(root);
        List<ServiceSpec> specs = services(root);
        root.refuseUnknownKeys();
        root.throwIfWrong();
        return new Configuration(
                specs,
                globals.cacheDirectory(),
                globals.admin(),
                globals.log(),
                globals.watch(),
                globals.eventLoops(),
                root.warnings(),
                () -> EffectiveConfig.values(config));
    }

    /** What stands outside services. */
    record Globals(
            @Nullable Path cacheDirectory, @Nullable AdminSpec admin, LogSettings log, boolean watch, int eventLoops) {}

    Globals globals(Settings root) {
        Reference.LATER_GLOBAL.forEach(root::refuseUnsupported);
        Settings block = root.block("admin");
        AdminSpec admin = AdminReader.read(block, catalog);
        if (admin != null) {
            claim(block, admin.listen());
        }
        return new Globals(
                root.block("discovery").optionalPath("cache-directory"),
                admin,
                log(root.block("log")),
                root.block("reload").bool("watch", false),
                root.integer("event-loops", 0, 1, 256));
    }

    private static LogSettings log(Settings log) {
        String levels = log.has("level") ? String.join(",", log.strings("level")) : null;
        try {
            if (levels != null) {
                Logging.check(levels);
            }
        } catch (IllegalArgumentException e) {
            log.problem("level", String.valueOf(e.getMessage()));
        }
        return new LogSettings(levels, log.has("format") ? log.word("format", Logging.Format.TEXT) : null);
    }

    private List<ServiceSpec> services(Settings root) {
        Settings services = root.block("services");
        List<ServiceSpec> specs = new ArrayList<>();
        boolean any = false;
        for (String name : services.keys()) {
            if (!services.has(name)) {
                continue; // null: taken back
            }
            any = true;
            Settings service = services.block(name);
            ServiceSpec spec = new ServiceReader(name, service, catalog).read();
            if (spec != null) {
                spec.listen().forEach(address -> claim(service, address));
                specs.add(spec);
            }
        }
        if (!any && !(root.get("services") instanceof String)) {
            root.problem("services", "describes no service. Add one, such as services.redis { … }");
        }
        return specs;
    }

    /** Two listeners on one address would fail one after the other at start; this names both. */
    private void claim(Settings owner, ListenAddress address) {
        for (Map.Entry<ListenAddress, String> other : taken.entrySet()) {
            if (other.getKey().overlaps(address)) {
                owner.problem(
                        "listen", address + " is also " + other.getValue() + ". Give one of them another address");
                return;
            }
        }
        taken.put(address, owner.path("listen"));
    }

    /** A name other than localhost could be made to mean any address. */
    static boolean isLoopback(String host) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        return host.equals("localhost") || (literal != null && literal.isLoopbackAddress());
    }

    /** Gives each service what {@code defaults} say and it does not. */
    static Config inherit(Config config, Catalog catalog) {
        if (!isBlock(config, "services") || !isBlock(config, "defaults")) {
            return config;
        }
        Config merged = config;
        Config defaults = config.getConfig("defaults");
        for (Map.Entry<String, ConfigValue> service :
                config.getObject("services").entrySet()) {
            if (service.getValue() instanceof ConfigObject block) {
                Config own = block.toConfig();
                merged = merged.withValue(
                        ConfigUtil.joinPath("services", service.getKey()),
                        own.withFallback(inheritable(own, defaults, catalog)).root());
            }
        }
        return merged;
    }

    private static Config inheritable(Config service, Config defaults, Catalog catalog) {
        Config rest = defaults;
        for (String path : NOT_MIXED) {
            if (service.hasPathOrNull(path)) {
                rest = rest.withoutPath(path);
            }
        }
        String protocol = text(service, "protocol", text(defaults, "protocol", "tcp"));
        String probe = text(service, "health.probe", text(defaults, "health.probe", protocol));
        for (String type : catalog.protocols().types()) {
            rest = type.equals(protocol) ? rest : rest.withoutPath(ConfigUtil.quoteString(type));
        }
        for (String type : catalog.probes().types()) {
            rest = type.equals(probe) ? rest : rest.withoutPath("health." + ConfigUtil.quoteString(type));
        }
        return rest;
    }

    private static String text(Config config, String path, String fallback) {
        if (!config.hasPath(path)) {
            return fallback;
        }
        Object value = HoconSource.plain(config.getValue(path));
        return Objects.toString(value, fallback);
    }

    private static boolean isBlock(Config config, String key) {
        ConfigValue value = config.root().get(key);
        return value != null && value.valueType() == ConfigValueType.OBJECT;
    }
}
