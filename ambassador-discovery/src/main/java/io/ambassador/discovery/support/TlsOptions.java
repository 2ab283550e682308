package io.ambassador.discovery.support;

import io.ambassador.spi.Settings;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a registry's server is verified, and what it is shown.
 *
 * @param ca PEM certificates to trust; {@code null} to trust what the JVM does
 * @param certificate our own, with {@code key}; {@code null} for none
 * @param serverName what the server's certificate must be for; {@code null} for the host that is connected to
 */
public record TlsOptions(
        @Nullable Path ca,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable String serverName) {
    /** Verified by what the JVM trusts, without a certificate of our own. */
    public static final TlsOptions DEFAULT = new TlsOptions(null, null, null, null);

    /**
     * Reads the block {@code tls} with {@code enabled}, {@code ca}, {@code certificate}, {@code key} and
     * {@code server-name}.
     *
     * @param usual whether TLS is on unless told otherwise and without the block
     * @return {@code null} if TLS is off
     */
    public static @Nullable TlsOptions parse(Settings settings, boolean usual) {
        boolean present = settings.has("tls");
        Settings block = settings.block("tls");
        boolean enabled = block.bool("enabled", usual || present);
        TlsOptions options = new TlsOptions(
                block.optionalPath("ca"),
                block.optionalPath("certificate"),
                block.optionalPath("key"),
                block.optionalString("server-name"));
        if ((options.certificate == null) != (options.key == null)) {
            block.problem(options.certificate == null ? "key" : "certificate", "needs certificate and key, both");
        }
        return enabled ? options : null;
    }
}
