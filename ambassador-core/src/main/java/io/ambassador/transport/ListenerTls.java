package io.ambassador.transport;

import io.ambassador.spi.ConfigurationException;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.2 and 1.3 towards the clients of one service, with certificates and keys that follow their files. Each change
 * gives a whole new context, so that no session is resumed that an authority vouched for which has gone. Files that
 * cannot be used are logged once, and the last good ones stay in use.
 */
public final class ListenerTls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ListenerTls.class);

    private final TlsFiles files;
    private final List<String> applicationProtocols;
    private final FileWatch watch;
    private volatile SslContext context;
    private @Nullable String lastProblem;

    private ListenerTls(
            TlsFiles files, List<String> applicationProtocols, Duration interval, ScheduledExecutorService scheduler)
            throws ConfigurationException {
        this.files = files;
        this.applicationProtocols = List.copyOf(applicationProtocols);
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
     * @param key the configuration key that the files stand below, for messages: {@code services.redis.client-tls}
     * @param clientCa whose certificates clients must show; {@code null} for none
     * @param applicationProtocols what clients may choose from; empty to leave ALPN out
     * @param interval between two looks at the files
     * @param scheduler a thread that may wait for a disk
     * @throws ConfigurationException if a file cannot be used, naming key, path and reason
     */
    public static ListenerTls load(
            String key,
            Path certificate,
            Path privateKey,
            @Nullable Path clientCa,
            List<String> applicationProtocols,
            Duration interval,
            ScheduledExecutorService scheduler)
            throws ConfigurationException {
        TlsFiles files = new TlsFiles(key, clientCa, certificate, privateKey);
        return new ListenerTls(files, applicationProtocols, interval, scheduler);
    }

    /**
     * Encrypts a client's connection from here on, as the server. Somebody has to read it meanwhile.
     *
     * @param before the handler that is to see plain text, with all behind it
     * @param deadline for the handshake
     * @return completed on the channel's event loop; the channel is closed after a failure
     */
    public Future<Void> start(Channel client, String before, Duration deadline) {
        Promise<Void> encrypted = client.eventLoop().newPromise();
        SslHandler handler = context.newHandler(client.alloc());
        handler.setHandshakeTimeoutMillis(Math.max(1, deadline.toMillis()));
        handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                encrypted.trySuccess(null);
            } else {
                encrypted.tryFailure(done.cause());
            }
        });
        client.pipeline().addBefore(before, "tls", handler);
        return encrypted;
    }

    /** Stops watching; connections live on. */
    @Override
    public void close() {
        watch.close();
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
        List<X509Certificate> authorities = files.readAuthorities("client-ca");
        ClientIdentity identity = files.readIdentity();
        if (identity == null) {
            throw new ConfigurationException(files.key() + ": certificate and key are missing");
        }
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(
                            identity.key(), identity.chain().toArray(X509Certificate[]::new))
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2");
            if (!authorities.isEmpty()) {
                builder.clientAuth(ClientAuth.REQUIRE).trustManager(TlsContexts.trusting(authorities));
            }
            if (!applicationProtocols.isEmpty()) {
                // A client that asks for none of them is left to find out by itself.
                builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        applicationProtocols));
            }
            return builder.build();
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigurationException(files.key() + ": cannot be set up: " + e.getMessage());
        }
    }
}
