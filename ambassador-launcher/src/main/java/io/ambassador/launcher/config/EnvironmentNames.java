package io.ambassador.launcher.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which key an environment variable stands for. An underscore separates both the parts of a key and the words of a
 * part, so {@code AMBASSADOR_SERVICES_ORDERS_DB_LIMITS_MAX_CONNECTIONS} is matched from both ends: by the keys there
 * are, and by the services there are. What is left of a name that no file mentions becomes a service of its own,
 * {@code orders-db}.
 */
final class EnvironmentNames {
    static final String PREFIX = "AMBASSADOR_";
    private static final String SERVICES = "SERVICES_";
    private static final String DEFAULTS = "DEFAULTS_";

    /** What Kubernetes sets for a service of its own that is called ambassador-admin and the like. */
    private static final Pattern KUBERNETES =
            Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\\d+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)");

    private final Set<String> services;

    /** @param services names that other configuration mentions */
    EnvironmentNames(Collection<String> services) {
        this.services = new TreeSet<>(services);
    }

    /** Whether {@code variable} is meant for configuration at all. */
    static boolean isOurs(String variable) {
        if (!variable.startsWith(PREFIX)) {
            return false;
        }
        String rest = variable.substring(PREFIX.length());
        return rest.startsWith(SERVICES)
                || rest.startsWith(DEFAULTS)
                || rest.startsWith("ADMIN_")
                || rest.startsWith("DISCOVERY_")
                || rest.startsWith("LOG_")
                || rest.equals("EVENT_LOOPS");
    }

    static boolean isKubernetes(String variable) {
        return KUBERNETES.matcher(variable).matches();
    }

    /** The parts of the key below {@code ambassador}; {@code null} if there is no such key. */
    @Nullable List<String> path(String variable) {
        String rest = variable.substring(PREFIX.length());
        if (rest.startsWith(DEFAULTS)) {
            return key(Reference.SERVICE, rest.substring(DEFAULTS.length()), List.of("defaults"));
        }
        if (!rest.startsWith(SERVICES)) {
            return key(Reference.GLOBAL, rest, List.of());
        }
        rest = rest.substring(SERVICES.length());
        for (String service : services) {
            String form = form(service) + "_";
            if (rest.startsWith(form)) {
                List<String> path = key(Reference.SERVICE, rest.substring(form.length()), List.of("services", service));
                if (path != null) {
                    return path;
                }
            }
        }
        for (int end = rest.indexOf('_'); end > 0; end = rest.indexOf('_', end + 1)) {
            List<String> path =
                    key(Reference.SERVICE, rest.substring(end + 1), List.of("services", words(rest.substring(0, end))));
            if (path != null) {
                return path;
            }
        }
        return null;
    }

    /** A part of a key as a variable spells it. */
    static String form(String key) {
        return key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    private static @Nullable List<String> key(List<Reference.Key> keys, String form, List<String> parent) {
        for (Reference.Key key : keys) {
            if (form.equals(form(key.path()))) {
                return join(parent, key.path(), "");
            }
        }
        for (String off : Reference.MAY_BE_OFF) {
            if (form.equals(form(off))) {
                return join(parent, off, "");
            }
        }
        for (Reference.Key key : keys) {
            String prefix = form(key.path()) + "_";
            if (key.open() && form.length() > prefix.length() && form.startsWith(prefix)) {
                return join(parent, key.path(), words(form.substring(prefix.length())));
            }
        }
        return null;
    }

    private static List<String> join(List<String> parent, String path, String last) {
        List<String> parts = new ArrayList<>(parent);
        parts.addAll(List.of(path.split("\\.")));
        if (!last.isEmpty()) {
            parts.add(last);
        }
        return parts;
    }

    private static String words(String form) {
        return form.toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
