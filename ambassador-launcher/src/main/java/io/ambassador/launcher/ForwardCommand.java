package io.ambassador.launcher;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.ambassador.discovery.links.Link;
import io.ambassador.service.Catalog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "forward",
        description = "Runs a sidecar described on one line: 6379=srv://redis.service.consul.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ForwardCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = "--links",
            description = "Forwards each port that Docker linked, NAME_PORT_<n>_TCP, from the same port of loopback.")
    private boolean links;

    @Parameters(
            arity = "0..*",
            paramLabel = "[LISTEN=]TARGET",
            description = "Target: host:port, a comma list of them, the name of SRV records, or a discovery URI."
                    + " Listens on loopback, on the environment's PORT, else the destination's port, else 10000.")
    private final List<String> targets = new ArrayList<>();

    @Option(names = "--protocol", paramLabel = "WORD", description = "Default: tcp.")
    private @Nullable String protocol;

    @Option(names = "--username", paramLabel = "NAME", description = "Who to log in as.")
    private @Nullable String username;

    @Option(names = "--password-file", paramLabel = "FILE", description = "The password's file, re-read as it changes.")
    private @Nullable String passwordFile;

    @Option(names = "--password-env", paramLabel = "NAME", description = "The password's environment variable.")
    private @Nullable String passwordVariable;

    @Option(names = "--balancing", paramLabel = "WORD", description = "Default: round-robin.")
    private @Nullable String balancing;

    @Option(names = "--role", paramLabel = "WORD", description = "any, primary, replica or prefer-replica.")
    private @Nullable String role;

    @Option(
            names = "--tls-server-name",
            paramLabel = "NAME",
            description = "Encrypts to the endpoints, whose certificate must be for this name.")
    private @Nullable String tlsServerName;

    @Option(names = "--tls-ca", paramLabel = "FILE", description = "PEM certificates to trust.")
    private @Nullable String tlsCa;

    @Option(names = "--tls-certificate", paramLabel = "FILE", description = "PEM chain of the client certificate.")
    private @Nullable String tlsCertificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "PEM private key of the client certificate.")
    private @Nullable String tlsKey;

    @Option(names = "--admin", paramLabel = "ADDRESS", description = "Default: 127.0.0.1:9901. off: none.")
    private @Nullable String admin;

    @Mixin
    private final ConfigOptions config = new ConfigOptions();

    @Mixin
    private final RunOptions options = new RunOptions();

    @Override
    public Integer call() throws Exception {
        options.setUpLog();
        Catalog catalog = Catalog.load();
        Config described = described(System.getenv());
        Reading.Source source = used -> config.read(described, catalog, used);
        return new Sidecar(source, false, options, List.of()).run();
    }

    /** The same that a file would say. */
    Config described(Map<String, String> environment) {
        Map<String, Object> services = new LinkedHashMap<>();
        if (links) {
            linked(environment).forEach((port, name) -> add(services, port.toString(), "links://" + name + ":" + port));
        } else if (targets.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "Missing required parameter: give a target ([LISTEN=]TARGET), or --links.");
        }
        String port = environment.get("PORT");
        for (String word : targets) {
            Target target = Target.parse(word);
            if (target == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "\"" + word + "\" is not a target (expected host:port, a comma list of them, the name of SRV"
                                + " records such as redis.service.consul, or a URI such as srv://redis).");
            }
            add(services, target.listen(targets.size() == 1 ? port : null), target.uri());
        }
        Map<String, Object> root = new HashMap<>(Map.of("services", services));
        if (admin != null) {
            root.put("admin", Map.of("listen", admin));
        }
        return ConfigFactory.empty().withValue("ambassador", ConfigValueFactory.fromMap(root, "command line"));
    }

    private SortedMap<Integer, String> linked(Map<String, String> environment) {
        try {
            return Link.services(environment);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--links: " + e.getMessage() + ".");
        }
    }

    private void add(Map<String, Object> services, String listen, String discovery) {
        Map<String, Object> service = service();
        service.put("listen", listen);
        service.put("discovery", discovery);
        services.put(name(listen, services), service);
    }

    private Map<String, Object> service() {
        Map<String, Object> service = new HashMap<>();
        put(service, "protocol", protocol);
        put(service, "balancing", balancing);
        put(service, "role", role);
        Map<String, Object> password = new HashMap<>();
        put(password, "file", passwordFile);
        put(password, "env", passwordVariable);
        Map<String, Object> credentials = new HashMap<>();
        put(credentials, "username", username);
        putBlock(credentials, "password", password);
        putBlock(service, "credentials", credentials);
        Map<String, Object> tls = new HashMap<>();
        put(tls, "server-name", tlsServerName);
        put(tls, "ca", tlsCa);
        put(tls, "certificate", tlsCertificate);
        put(tls, "key", tlsKey);
        putBlock(service, "tls", tls);
        return service;
    }

    private static void put(Map<String, Object> block, String key, @Nullable String value) {
        if (value != null) {
            block.put(key, value);
        }
    }

    private static void putBlock(Map<String, Object> block, String key, Map<String, Object> value) {
        if (!value.isEmpty()) {
            block.put(key, value);
        }
    }

    /** {@code port-6379}: the same from one start to the next, which metrics and the cache of endpoints want. */
    private static String name(String listen, Map<String, Object> taken) {
        String last = listen.substring(listen.lastIndexOf(listen.startsWith("unix:") ? '/' : ':') + 1);
        String name = (listen.startsWith("unix:") ? "" : "port-") + last.replaceAll("[^A-Za-z0-9_.-]", "-");
        String free = name;
        for (int i = 2; taken.containsKey(free); i++) {
            free = name + "-" + i;
        }
        return free;
    }
}
