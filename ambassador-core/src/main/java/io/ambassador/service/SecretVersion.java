package io.ambassador.service;

import io.ambassador.spi.secret.Secret;

/** One secret that was read, with what servers have said of it since. Guarded by its keeper. */
final class SecretVersion {
    enum State {
        /** No server has said anything, or another version has been accepted since. */
        UNPROVEN,
        ACCEPTED,
        REFUSED
    }

    private final long number;
    private final Secret secret;
    private final long readAt;
    private State state = State.UNPROVEN;
    private int refusals;
    private long refusedSince;
    private long refusedAt;
    private long retryAt;
    private boolean everAccepted;
    private int trials;
    private int users;
    private boolean retired;

    SecretVersion(long number, Secret secret, long now) {
        this.number = number;
        this.secret = secret;
        this.readAt = now;
    }

    long number() {
        return number;
    }

    long readAt() {
        return readAt;
    }

    boolean holds(Secret other) {
        return secret.sameAs(other);
    }

    Secret copy() {
        return secret.copy();
    }

    State state() {
        return state;
    }

    boolean is(State asked) {
        return state == asked;
    }

    boolean everAccepted() {
        return everAccepted;
    }

    /** How many logins are finding out whether it is accepted. */
    int trials() {
        return trials;
    }

    /** Refusals since it was last accepted. */
    int refusals() {
        return refusals;
    }

    long refusedSince() {
        return refusedSince;
    }

    /** When it was last refused. */
    long refusedAt() {
        return refusedAt;
    }

    /** Not to be tried again before. */
    long retryAt() {
        return retryAt;
    }

    void accept() {
        state = State.ACCEPTED;
        everAccepted = true;
        refusals = 0;
    }

    void doubt() {
        if (state == State.ACCEPTED) {
            state = State.UNPROVEN;
        }
    }

    void refuse(long now, long retry) {
        if (state != State.REFUSED) {
            refusedSince = now;
        }
        state = State.REFUSED;
        refusals++;
        refusedAt = now;
        retryAt = retry;
    }

    void lent(boolean trial) {
        users++;
        if (trial) {
            trials++;
        }
    }

    void trialOver() {
        trials--;
    }

    void returned() {
        users--;
        wipeIfUnused();
    }

    /** Nobody will ask for it any more: wiped as soon as no login uses it. */
    void retire() {
        retired = true;
        wipeIfUnused();
    }

    private void wipeIfUnused() {
        if (retired && users == 0) {
            secret.close();
        }
    }
}
