package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.service.SecretAnswer;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.SecretLease;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gets one client a version of the secret to log in with, and holds the client while there may be one soon. On the
 * client's event loop.
 */
final class SecretRequest {
    /** Hears the answer; one call, unless cancelled before. */
    interface Outcome {
        /** @param waited nanoseconds */
        void granted(SecretLease lease, long waited);

        void denied(EndReason reason, String why);

        /** Whether the client has said that it will send no more: one that is held has given up then. */
        boolean clientEnded();
    }

    /** How often to look whether the client is still there, and whether its time is over. */
    private static final long LOOK_MILLIS = 250;

    private final SecretKeeper secrets;
    private final EventLoop loop;
    private final Set<Long> tried;
    private long deadline;
    private long heldSince;
    private boolean held;
    private final Outcome outcome;
    private final long began = System.nanoTime();
    private final Runnable wake = this::wake;
    private @Nullable Future<?> look;
    private boolean over;

    /**
     * @param tried versions that were refused to this client
     * @param deadline for what does not wait for a rotation, in {@link System#nanoTime}
     */
    SecretRequest(SecretKeeper secrets, EventLoop loop, Set<Long> tried, long deadline, Outcome outcome) {
        this.secrets = secrets;
        this.loop = loop;
        this.tried = tried;
        this.deadline = deadline;
        this.outcome = outcome;
    }

    void ask() {
        if (over) {
            return;
        }
        if (look != null) {
            look.cancel(false);
        }
        if (held) { // which is no part of the time that finding out may take
            deadline += System.nanoTime() - heldSince;
        }
        secrets.wake(wake); // before asking, so that no change is missed
        SecretAnswer answer = secrets.lease(tried);
        if (answer instanceof SecretLease lease) {
            cancel();
            outcome.granted(lease, System.nanoTime() - began);
        } else if (answer instanceof SecretAnswer.No no) {
            deny(no.unknown() ? EndReason.SECRET_UNAVAILABLE : EndReason.LOGIN_REFUSED, no.why());
        } else if (!isGivenUp((SecretAnswer.Wait) answer)) {
            look = loop.schedule(this::ask, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private boolean isGivenUp(SecretAnswer.Wait wait) {
        held = wait.forRotation();
        heldSince = System.nanoTime();
        if (wait.forRotation() && outcome.clientEnded()) {
            deny(EndReason.LOGIN_REFUSED, "the client ended while it was held for a newer secret");
        } else if (!wait.forRotation() && System.nanoTime() - deadline >= 0) {
            deny(EndReason.LOGIN_TIMEOUT, "it took too long to find out which secret is accepted");
        }
        return over;
    }

    /** The client is gone: nothing will be told. */
    void cancel() {
        over = true;
        secrets.forget(wake);
        if (look != null) {
            look.cancel(false);
        }
    }

    private void deny(EndReason reason, String why) {
        cancel();
        outcome.denied(reason, why);
    }

    /** On whatever thread made the change. */
    private void wake() {
        try {
            loop.execute(this::ask);
        } catch (RejectedExecutionException e) {
            // The event loop has ended, and the client with it.
            over = true;
        }
    }
}
