package io.ambassador.discovery.etcd;

import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.spi.secret.Secret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a member for one session, and logs in when it must: at first, and when a token is over. What comes back is
 * handled on the control thread, and nothing is once closed.
 */
final class EtcdQuestions {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdQuestions.class);
    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);

    private final EtcdMember member;
    private final @Nullable String username;
    private final @Nullable RegistryPassword password;
    private final Control control;
    private final BiConsumer<Throwable, Boolean> failed;
    private final List<Runnable> afterLogin = new ArrayList<>();
    private boolean closed;

    /** @param failed hears what ends the session, and whether it was the login */
    EtcdQuestions(
            EtcdMember member,
            EtcdCluster cluster,
            @Nullable RegistryPassword password,
            Control control,
            BiConsumer<Throwable, Boolean> failed) {
        this.member = member;
        this.username = cluster.username();
        this.password = password;
        this.control = control;
        this.failed = failed;
    }

    void close() {
        closed = true;
    }

    /** Asks for what takes no login. */
    <T> void askOpenly(Supplier<CompletableFuture<T>> question, Consumer<T> then) {
        ask(question, then, refusal -> failed.accept(refusal, false), false);
    }

    /** Asks, and once more after a new login where the token is over. */
    <T> void ask(Supplier<CompletableFuture<T>> question, Consumer<T> then, Consumer<EtcdRefusal> refused) {
        ask(question, then, refused, password != null);
    }

    private <T> void ask(
            Supplier<CompletableFuture<T>> question,
            Consumer<T> then,
            Consumer<EtcdRefusal> refused,
            boolean mayLogIn) {
        if (closed) {
            return;
        }
        handle(question.get(), then, failure -> {
            if (!(failure instanceof EtcdRefusal refusal)) {
                failed.accept(failure, false);
            } else if (mayLogIn && refusal.isTokenRefused()) {
                logIn(() -> ask(question, then, refused, false));
            } else {
                refused.accept(refusal);
            }
        });
    }

    /** Logs in, if there is a password; together with others who want the same. */
    void logIn(Runnable then) {
        if (username == null || password == null) {
            then.run();
            return;
        }
        afterLogin.add(then);
        if (afterLogin.size() == 1) {
            handle(password.read(), secret -> authenticate(username, secret), failure -> failed.accept(failure, true));
        }
    }

    private void authenticate(String name, Secret secret) {
        CompletableFuture<Void> answer;
        try (secret) {
            answer = member.authenticate(name, secret, LOGIN_TIMEOUT);
        }
        handle(answer, nothing -> loggedIn(), failure -> {
            boolean refused = failure instanceof EtcdRefusal;
            if (refused && ((EtcdRefusal) failure).isAuthenticationOff()) {
                LOG.warn("etcd {}: authentication is not enabled there, so the password is not used", member);
                loggedIn();
            } else {
                failed.accept(failure, refused);
            }
        });
    }

    private void loggedIn() {
        List<Runnable> waiting = List.copyOf(afterLogin);
        afterLogin.clear();
        waiting.forEach(Runnable::run);
    }

    private <T> void handle(CompletableFuture<T> answer, Consumer<T> then, Consumer<Throwable> otherwise) {
        answer.whenComplete((value, failure) -> control.run(() -> {
            if (closed) {
                if (value instanceof Secret secret) {
                    secret.close();
                }
            } else if (failure == null) {
                then.accept(value);
            } else {
                otherwise.accept(DiscoveryFailure.cause(failure));
            }
        }));
    }
}
