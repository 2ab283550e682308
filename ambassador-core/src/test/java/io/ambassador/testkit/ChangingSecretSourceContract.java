package io.ambassador.testkit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.SecretSource;
import org.junit.jupiter.api.Test;

/** What a source promises whose store changes while it is watched. */
public abstract class ChangingSecretSourceContract extends SecretSourceContract {
    /** Puts another secret in the store that {@link #keep} filled. */
    protected abstract void replace(String secret) throws Exception;

    /** Leaves nothing in the store. */
    protected abstract void remove() throws Exception;

    @Test
    void eachReadTellsWhatTheStoreHoldsNow() throws Exception {
        SecretSource source = source(keep(SECRET));
        assertReads(SECRET, source);
        replace("another");
        assertReads("another", source);
        replace("a longer one than any before, so that no old byte is left over");
        assertReads("a longer one than any before, so that no old byte is left over", source);
        replace("x");
        assertReads("x", source);
    }

    @Test
    void anEmptyStoreIsAnErrorThatNamesTheStoreAndRecovers() throws Exception {
        SecretSource source = source(keep(SECRET));
        assertReads(SECRET, source);
        remove();
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertTrue(error.getMessage().contains(source.description()), error.getMessage());
        assertFalse(error.getMessage().contains("s3cret"), error.getMessage());
        keep("back again");
        assertReads("back again", source);
    }
}
