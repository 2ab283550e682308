package io.ambassador.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.SecretVersions.Choice;
import io.ambassador.spi.secret.Secret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of which version is tried, on a clock that stands still unless told. */
class SecretVersionsTest {
    private static final RotationSpec SPEC = new RotationSpec(null, Duration.ofHours(1), Duration.ofSeconds(10), null);

    private long now = 1_000;
    private SecretVersions versions = new SecretVersions(SPEC, () -> now, new AtomicLong());

    private static Secret secret(String text) {
        return Secret.owning(text.getBytes(UTF_8));
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    /** Each step is {@code file X}, {@code next X}, {@code ok}, {@code no}, {@code +30s}; the server says what it says of the choice. */
    private void play(String script) {
        for (String step : script.isEmpty() ? new String[0] : script.split(", ")) {
            String[] words = step.split(" ");
            switch (words[0]) {
                case "file" -> versions.readCurrent(secret(words[1]));
                case "next" -> versions.readNext(secret(words[1]));
                case "ok", "no" -> {
                    now++;
                    SecretVersion tried = versions.choose(Set.of()).version();
                    assertNotNull(tried, step + " of " + script);
                    now++;
                    assertTrue(words[0].equals("ok") ? acceptedAgain(tried) : versions.refused(tried, now), script);
                }
                default -> pass(Duration.parse("PT" + step.substring(1)));
            }
        }
    }

    private boolean acceptedAgain(SecretVersion tried) {
        versions.accepted(tried, now);
        return true;
    }

    static Stream<Arguments> rules() {
        return Stream.of(
                Arguments.of("", "-", "nothing is known"),
                Arguments.of("file A", "A?", "the newest is tried, though nobody has accepted it yet"),
                Arguments.of("file A, ok", "A", "what was accepted goes on being used"),
                Arguments.of("file A, ok, file B", "B?", "the newest is tried"),
                Arguments.of("file A, ok, file B, ok", "B", "the newest is used once accepted"),
                Arguments.of("file A, ok, file B, no", "A", "the one before bridges until the server changes"),
                Arguments.of("file A, ok, file B, no, +60s", "A", "the newest is not tried while the other works"),
                Arguments.of("file A, ok, file B, no, +60s, no", "-", "A is gone: a rotation is awaited"),
                Arguments.of("file A, ok, file B, no, +60s, no, +11s", "B?", "then what was refused has its turn"),
                Arguments.of("file A, ok, file B, no, +61m", "B?", "the one before is forgotten"),
                Arguments.of("file A, next B", "A?", "next is not tried before its time"),
                Arguments.of("file A, next B, ok", "A", "nor while the present one is accepted"),
                Arguments.of("file A, next B, ok, no", "B?", "it is tried when the present one is refused"),
                Arguments.of("file A, next B, ok, no, ok", "B", "and used when accepted"),
                Arguments.of("file A, next B, ok, no, ok, file B", "B", "it stays the same version in the file"),
                Arguments.of("file A, ok, no", "-", "what was accepted no longer is: wait for a newer one"),
                Arguments.of("file A, ok, no, +5s", "-", "without trying it meanwhile"),
                Arguments.of("file A, ok, no, +5s, file B", "B?", "the newer one is tried at once"),
                Arguments.of("file A, ok, no, +11s", "A?", "after the wait the old one is tried again"),
                Arguments.of("file A, no", "-", "a wrong one is not tried again at once"),
                Arguments.of("file A, no, +2s", "A?", "but after a pause"),
                Arguments.of("file A, no, +2s, no, +1s", "-", "which grows"),
                Arguments.of("file A, no, +2s, no, +3s", "A?", "and ends"),
                Arguments.of("file A, no, file B", "B?", "another one is tried at once"),
                Arguments.of("file A, ok, file B, no, file C", "C?", "a corrected one is tried"),
                Arguments.of("file A, ok, file B, no, file C, no", "A", "what was accepted outlives a mistake"),
                Arguments.of("file A, ok, file B, ok, no", "A?", "the one before may have come back"),
                Arguments.of("file A, ok, file B, ok, file A", "A?", "going back gives the earlier version"),
                Arguments.of("file A, ok, file B, ok, file A, no", "B", "and keeps the other"));
    }

    @ParameterizedTest(name = "{2}: {0} → {1}")
    @MethodSource("rules")
    void theVersionThatALoginTries(String script, String expected, String why) {
        play(script);
        Choice choice = versions.choose(Set.of());
        assertEquals(expected, show(choice), why);
    }

    private static String show(Choice choice) {
        SecretVersion version = choice.version();
        if (version == null) {
            return "-";
        }
        try (Secret copy = version.copy()) {
            return new String(copy.reveal(), UTF_8) + (choice.trial() ? "?" : "");
        }
    }

    /** 10 s of wrong passwords at 100 connections a second. */
    @Test
    void aWrongPasswordIsTriedAHandfulOfTimes() {
        versions.readCurrent(secret("wrong"));
        int tried = 0;
        for (int i = 0; i < 1_000; i++) {
            SecretVersion version = versions.choose(Set.of()).version();
            if (version != null) {
                tried++;
                versions.refused(version, now);
            }
            pass(Duration.ofMillis(10));
        }
        assertTrue(tried >= 3 && tried <= 5, "tried " + tried);
    }

    @Test
    void thePauseEndsAtThirtySeconds() {
        versions.readCurrent(secret("wrong"));
        for (int i = 0; i < 20; i++) {
            SecretVersion version = versions.choose(Set.of()).version();
            assertNotNull(version);
            versions.refused(version, now);
            Duration pause = versions.untilRetry();
            double doubled = Math.min(30, Math.pow(2, i));
            assertTrue(
                    pause.toMillis() <= Math.min(30_000, doubled * 1_200) && pause.toMillis() >= doubled * 799,
                    i + ": " + pause);
            pass(pause);
        }
    }

    @Test
    void aBurstOfFirstLoginsWaitsForTheFirstFew() {
        versions.readCurrent(secret("A"));
        List<SecretVersion> out = new ArrayList<>();
        for (Choice choice; (choice = versions.choose(Set.of())).version() != null; ) {
            choice.version().lent(choice.trial());
            out.add(choice.version());
        }
        assertEquals(3, out.size());
        versions.accepted(out.get(0), now);
        assertEquals("A", show(versions.choose(Set.of())));
    }

    @Test
    void oneLoginAtATimeFindsOutWhatTheOthersNeedNotRisk() {
        play("file A, ok, file B");
        Choice trial = versions.choose(Set.of());
        trial.version().lent(true);
        assertEquals("A", show(versions.choose(Set.of())));
        trial.version().trialOver();
        assertEquals("B?", show(versions.choose(Set.of())));
    }

    @Test
    void noClientIsGivenTheSameVersionTwice() {
        play("file A, next B, ok");
        assertEquals("B?", show(versions.choose(Set.of(1L))));
        assertEquals("-", show(versions.choose(Set.of(1L, 2L))));
    }

    /** Logins under way when the server changes are all refused, which is one refusal as far as pauses go. */
    @Test
    void lateNewsOfAnEarlierLoginIsNoNews() {
        play("file A, ok");
        SecretVersion a = versions.current();
        long before = now;
        pass(Duration.ofMillis(5));
        assertTrue(versions.refused(a, before));
        assertFalse(versions.refused(a, before));
        assertEquals(1, a.refusals());
        assertFalse(versions.accepted(a, before));
        assertEquals(SecretVersion.State.REFUSED, a.state());
    }

    @Test
    void theOldBytesAreZeroedWhenTheirTimeIsOver() {
        byte[] old = "old".getBytes(UTF_8);
        versions.readCurrent(Secret.owning(old));
        SecretVersion version = versions.current();
        versions.readCurrent(secret("new"));
        pass(Duration.ofMinutes(59));
        versions.expire();
        assertEquals("old", new String(old, UTF_8));
        version.lent(false);
        pass(Duration.ofMinutes(1));
        versions.expire();
        assertNull(versions.previous());
        assertEquals("old", new String(old, UTF_8), "a login still uses it");
        version.returned();
        assertTrue(Arrays.equals(new byte[3], old));
        assertThrows(IllegalStateException.class, version::copy);
    }

    @Test
    void withoutKeepingTheOldBytesAreZeroedAtOnce() {
        versions = new SecretVersions(
                new RotationSpec(null, Duration.ZERO, Duration.ZERO, null), () -> now, new AtomicLong());
        byte[] old = "old".getBytes(UTF_8);
        byte[] again = "new".getBytes(UTF_8);
        versions.readCurrent(Secret.owning(old));
        versions.readCurrent(secret("new"));
        assertTrue(Arrays.equals(new byte[3], old));
        assertFalse(versions.readCurrent(Secret.owning(again)), "unchanged");
        assertTrue(Arrays.equals(new byte[3], again));
        versions.wipe();
        assertTrue(versions.isEmpty());
    }
}
