package io.ambassador.auth;

import io.ambassador.service.Credentials;
import io.ambassador.service.RotationSpec;
import io.ambassador.spi.ConfigurationException;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/** Which of server and file has the new password first, and what helps clients over the gap. */
public enum RotationOrder {
    SERVER_FIRST_AND_THE_NEXT_IS_KNOWN,
    SERVER_FIRST_AND_CLIENTS_WAIT,
    SERVER_LAST;

    /** How long server and file disagree: {@code -Drotation.seconds}. */
    public static final Duration GAP = Duration.ofSeconds(Integer.getInteger("rotation.seconds", 3));

    /** The gap itself is what is tested. */
    public static void awaitEndOfGap() {
        Awaitility.await().pollDelay(GAP).atMost(GAP.plusMinutes(1)).until(() -> true);
    }

    public boolean isServerFirst() {
        return this != SERVER_LAST;
    }

    /** @param next the file that holds the password to come */
    public RotationSpec spec(Path next) throws ConfigurationException {
        Duration keepPrevious = RotationSpec.DEFAULT.keepPrevious();
        return switch (this) {
            case SERVER_FIRST_AND_THE_NEXT_IS_KNOWN ->
                new RotationSpec(Credentials.file(null, next).password(), keepPrevious, Duration.ZERO, null);
            case SERVER_FIRST_AND_CLIENTS_WAIT -> new RotationSpec(null, keepPrevious, GAP.plusSeconds(60), null);
            case SERVER_LAST -> new RotationSpec(null, keepPrevious, Duration.ZERO, null);
        };
    }
}
