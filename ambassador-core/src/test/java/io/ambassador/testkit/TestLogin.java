package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.secret.Secret;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A login with given credentials, which remembers each secret it handed out. */
public final class TestLogin implements Login {
    private final String username;
    private final String password;
    private final boolean confidential;
    private final List<Secret> handedOut = new CopyOnWriteArrayList<>();

    public TestLogin(String username, String password) {
        this(username, password, true);
    }

    public TestLogin(String username, String password, boolean confidential) {
        this.username = username;
        this.password = password;
        this.confidential = confidential;
    }

    @Override
    public String username() {
        return username;
    }

    @Override
    public Secret secret() {
        Secret secret = Secret.owning(password.getBytes(UTF_8));
        handedOut.add(secret);
        return secret;
    }

    @Override
    public Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", 1);
    }

    @Override
    public boolean confidential() {
        return confidential;
    }

    /** Whether each secret handed out has been closed. */
    public boolean allWiped() {
        for (Secret secret : handedOut) {
            try {
                secret.reveal();
                return false;
            } catch (IllegalStateException wiped) {
                // as it should be
            }
        }
        return true;
    }
}
