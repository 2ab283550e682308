package io.ambassador.discovery.mdns;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * What is browsed for: {@code _redis._tcp}, or a subtype of it, {@code _cache._sub._redis._tcp}.
 *
 * @param browsed whose PTR records name the instances
 * @param instances the name below which those are
 */
record ServiceType(Name browsed, Name instances) {
    private static final String SUBTYPE = "._sub.";
    private static final String TYPE = "_[A-Za-z0-9](?:[A-Za-z0-9-]{0,13}[A-Za-z0-9])?\\._(?:tcp|udp)";
    private static final String LOCAL = "local.";

    /** @throws IllegalArgumentException if {@code text} is no type of service */
    static ServiceType parse(String text) {
        String bare = text.replaceFirst("\\.?$", "").replaceFirst("\\.local$", "");
        int subtype = bare.indexOf(SUBTYPE);
        String type = subtype < 0 ? bare : bare.substring(subtype + SUBTYPE.length());
        if (!type.matches(TYPE)
                || subtype == 0
                || subtype > 0 && !bare.substring(0, subtype).matches("[\\w-]{1,63}")) {
            throw new IllegalArgumentException(text);
        }
        try {
            return new ServiceType(Name.fromString(bare + "." + LOCAL), Name.fromString(type + "." + LOCAL));
        } catch (TextParseException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** Whether {@code name} is {@code <Instance>.<Service>.local}: one label, which may hold anything, before the type. */
    boolean isInstance(Name name) {
        return name.labels() == instances.labels() + 1 && name.subdomain(instances);
    }

    /** An instance's name as people read it: the first label, whose dots, spaces and other bytes stand for themselves. */
    static String instanceText(Name instance) {
        byte[] label = instance.getLabel(0);
        return new String(label, 1, label[0], StandardCharsets.UTF_8);
    }

    /** The instance's name in DNS, with every byte of {@code text} in its first label; {@code null} if it does not fit. */
    @Nullable Name instance(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder escaped = new StringBuilder();
        for (byte each : bytes) {
            escaped.append(String.format("\\%03d", each & 0xff));
        }
        try {
            return bytes.length == 0 ? null : Name.concatenate(Name.fromString(escaped.toString()), instances);
        } catch (TextParseException | org.xbill.DNS.NameTooLongException e) {
            return null;
        }
    }

    /** As in configuration. */
    @Override
    public String toString() {
        List<String> labels = Arrays.asList(browsed.toString(true).split("\\."));
        return String.join(".", labels.subList(0, labels.size() - 1));
    }
}
