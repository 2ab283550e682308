package io.ambassador.upstream;

import io.ambassador.service.Credentials;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.Service;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.secret.Secret;
import org.jspecify.annotations.Nullable;

/** Lends a service's credentials to one login. */
final class LoginContext implements Login {
    private final Service service;
    private final @Nullable SecretKeeper secrets;
    private final Endpoint endpoint;
    private final boolean encrypted;

    LoginContext(Service service, Endpoint endpoint, boolean encrypted) {
        this.service = service;
        this.secrets = service.secrets();
        this.endpoint = endpoint;
        this.encrypted = encrypted;
    }

    boolean hasCredentials() {
        return secrets != null;
    }

    boolean hasSecret() {
        return secrets != null && secrets.isAvailable();
    }

    @Override
    public @Nullable String username() {
        return secrets == null ? null : secrets.username();
    }

    @Override
    public Secret secret() {
        Secret secret = secrets == null ? null : secrets.secret();
        if (secret == null) {
            throw new IllegalStateException("There is no secret to log in with.");
        }
        return secret;
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public boolean confidential() {
        Credentials credentials = service.spec().credentials();
        return encrypted || isLocal(endpoint.host()) || credentials != null && credentials.insecure();
    }

    private static boolean isLocal(String host) {
        return host.startsWith("127.") || host.equals("::1") || host.equals("0:0:0:0:0:0:0:1");
    }
}
