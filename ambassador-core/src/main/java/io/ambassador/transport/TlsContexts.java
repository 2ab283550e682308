package io.ambassador.transport;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.2 and 1.3 towards the endpoints of one service, with certificates and keys that follow their files. Each
 * change gives a whole new context: no session is resumed that an authority vouched for which has gone. Files that
 * cannot be used are logged once, and the last good ones stay in use.
 */
public final class TlsContexts implements ClientTls, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TlsContexts.class);

    private final TlsFiles files;
    private final String serverName;
    private final List<SNIServerName> indicated;
    private final FileWatch watch;
    private volatile SslContext context;
    private @Nullable String lastProblem;

    private TlsContexts(TlsFiles files, String serverName, Duration interval, ScheduledExecutorService scheduler)
            throws ConfigurationException {
        this.files = files;
        this.serverName = serverName;
        this.indicated = indicated(files.key(), serverName);
        this.watch = FileWatch.start(files.paths(), interval, scheduler, this::reload);
        try {
            synchronized (this) { // a reload that comes at once waits, and so has the last word
                this.context = build();
            }
        } catch (ConfigurationException e) {
            watch.close();
            throw e;
        }
    }

    /**
     * Reads the files and begins to watch them.
     *
     * @param key the configuration key that the files stand below, for messages: {@code services.redis.tls}
     * @param serverName what certificates must be for; a DNS name is sent as server name (SNI), an IP address is not
     * @param ca {@code null} to trust what the JVM does
     * @param certificate with {@code privateKey}; {@code null} for no client certificate
     * @param interval between two looks at the files
     * @param scheduler a thread that may wait for a disk
     * @throws ConfigurationException if a file cannot be used, naming key, path and reason
     */
    public static TlsContexts load(
            String key,
            String serverName,
            @Nullable Path ca,
            @Nullable Path certificate,
            @Nullable Path privateKey,
            Duration interval,
            ScheduledExecutorService scheduler)
            throws ConfigurationException {
        return new TlsContexts(new TlsFiles(key, ca, certificate, privateKey), bare(serverName), interval, scheduler);
    }

    @Override
    public SslHandler newHandler(ByteBufAllocator allocator, Endpoint endpoint) {
        SslHandler handler = context.newHandler(allocator, serverName, endpoint.port());
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setServerNames(indicated); // the JDK would leave out names without a dot
        handler.engine().setSSLParameters(parameters);
        return handler;
    }

    @Override
    public String explain(Throwable failure) {
        return TlsFailures.explain(failure);
    }

    /** Stops watching; connections and handlers live on. */
    @Override
    public void close() {
        watch.close();
    }

    /** The one that the next connection uses. */
    SslContext context() {
        return context;
    }

    private synchronized void reload() {
        try {
            context = build();
            lastProblem = null;
            LOG.info("{}: certificates and keys were read again", files.key());
        } catch (ConfigurationException e) {
            if (!String.valueOf(e.getMessage()).equals(lastProblem)) {
                lastProblem = e.getMessage();
                LOG.warn("{}. The last good files stay in use.", e.getMessage());
            }
        }
    }

    private SslContext build() throws ConfigurationException {
        List<X509Certificate> authorities = files.readAuthorities("ca");
        ClientIdentity identity = files.readIdentity();
        try {
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .endpointIdentificationAlgorithm("HTTPS")
                    .trustManager(new ServerIdentity(trusting(authorities), serverName));
            if (identity != null) {
                builder.keyManager(identity.key(), identity.chain().toArray(X509Certificate[]::new));
            }
            return builder.build();
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigurationException(files.key() + ": cannot be set up: " + e.getMessage());
        }
    }

    static X509ExtendedTrustManager trusting(List<X509Certificate> authorities)
            throws GeneralSecurityException, IOException {
        KeyStore store = null; // the JVM's own
        if (!authorities.isEmpty()) {
            store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < authorities.size(); i++) {
                store.setCertificateEntry(Integer.toString(i), authorities.get(i));
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new SSLException("this JVM has no trust manager that checks names");
    }

    /** Without the brackets of an IPv6 address, or a name's final dot. */
    private static String bare(String name) {
        if (name.startsWith("[") && name.endsWith("]")) {
            return name.substring(1, name.length() - 1);
        }
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static List<SNIServerName> indicated(String key, String serverName) throws ConfigurationException {
        if (NetUtil.createByteArrayFromIpAddressString(serverName) != null) {
            return List.of(); // RFC 6066, section 3: literal addresses are not permitted
        }
        try {
            return List.of(new SNIHostName(serverName));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(key + ".server-name: \"" + serverName
                    + "\" is not a host name (expected: the name that the endpoints' certificates are issued for)");
        }
    }
}
