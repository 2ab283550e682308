package io.ambassador.launcher.admin;

import io.ambassador.ChangePlan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of a reload.
 *
 * @param generation of what runs now
 * @param plan what has changed, or would; {@code null} if it was rejected
 * @param restart keys that have changed and take effect only when the process is started again
 * @param problems empty unless it was rejected
 */
public record ReloadOutcome(
        long generation, boolean dryRun, @Nullable ChangePlan plan, List<String> restart, List<String> problems) {
    public ReloadOutcome {
        restart = List.copyOf(restart);
        problems = List.copyOf(problems);
    }

    public static ReloadOutcome accepted(long generation, boolean dryRun, ChangePlan plan, List<String> restart) {
        return new ReloadOutcome(generation, dryRun, plan, restart, List.of());
    }

    public static ReloadOutcome rejected(long generation, List<String> problems) {
        return new ReloadOutcome(generation, false, null, List.of(), problems);
    }

    String result() {
        if (plan == null) {
            return "rejected";
        }
        return dryRun ? "planned" : plan.isEmpty() ? "unchanged" : "applied";
    }
}
