package io.ambassador.service;

import io.ambassador.spi.secret.Secret;

/**
 * One version of a secret, lent to one login, which says how it went and then closes this: until then the version is
 * not wiped. Thread-safe.
 */
public final class SecretLease implements SecretAnswer, AutoCloseable {
    private final SecretKeeper keeper;
    private final SecretVersion version;
    private final long issuedAt;
    private boolean trial;
    private boolean closed;

    /** @param trial whether nobody knows yet if this version is accepted */
    SecretLease(SecretKeeper keeper, SecretVersion version, long issuedAt, boolean trial) {
        this.keeper = keeper;
        this.version = version;
        this.issuedAt = issuedAt;
        this.trial = trial;
        version.lent(trial);
    }

    /** The same for the same secret. */
    public long version() {
        return version.number();
    }

    /** A copy, which the caller closes. */
    public Secret secret() {
        return keeper.copyOf(this);
    }

    /** A server let us in. */
    public void accepted() {
        keeper.accepted(this);
    }

    /** A server refused the credentials: the sources are read again. */
    public void refused() {
        keeper.refused(this);
    }

    /** May be called twice. */
    @Override
    public void close() {
        keeper.closed(this);
    }

    // From here on: guarded by the keeper.

    SecretVersion leased() {
        return version;
    }

    long issuedAt() {
        return issuedAt;
    }

    void trialOver() {
        if (trial) {
            trial = false;
            version.trialOver();
        }
    }

    /** @return whether a trial ended without a result */
    boolean end() {
        if (closed) {
            return false;
        }
        closed = true;
        boolean undecided = trial;
        trialOver();
        version.returned();
        return undecided;
    }
}
