package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.service.SecretKeeper;
import io.ambassador.spi.protocol.Refusal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a client is told when it cannot be served: no more than it may know. */
final class Refusals {
    private Refusals() {}

    /** @param secrets whose next login a client may wait for; {@code null} if there are none */
    static Refusal of(EndReason reason, String id, @Nullable SecretKeeper secrets) {
        return switch (reason) {
            case NO_ENDPOINT -> new Refusal(Refusal.Kind.NO_ENDPOINT, id, "no endpoint is known for this service");
            case CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_FAILED, NO_RESOURCES ->
                new Refusal(Refusal.Kind.CONNECT_FAILED, id, "no endpoint could be reached");
            case TLS_FAILED, TLS_TIMEOUT -> new Refusal(Refusal.Kind.TLS_FAILED, id, "no endpoint could be trusted");
            case LOGIN_REFUSED ->
                new Refusal(Refusal.Kind.LOGIN_REFUSED, id, "the backend refused the credentials" + retry(secrets));
            case LOGIN_FAILED, LOGIN_TIMEOUT, LOGIN_UNSAFE ->
                new Refusal(Refusal.Kind.LOGIN_FAILED, id, "the login at the backend failed");
            case DECLINED -> new Refusal(Refusal.Kind.DECLINED, id, "the backend declined the session");
            case SECRET_UNAVAILABLE ->
                new Refusal(Refusal.Kind.SECRET_UNAVAILABLE, id, "there is no secret to log in with");
            case LIMIT -> new Refusal(Refusal.Kind.LIMIT, id, "too many connections");
            default -> new Refusal(Refusal.Kind.DRAINING, id, "not served");
        };
    }

    private static String retry(@Nullable SecretKeeper secrets) {
        Duration left = secrets == null ? null : secrets.untilRetry();
        return left == null ? "" : "; they are tried again in " + (left.toMillis() / 1_000 + 1) + " s";
    }
}
