package io.ambassador.launcher;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "reload",
        description = "Tells a running sidecar to read its configuration again and run it, or to keep the one it has.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ReloadCommand implements Callable<Integer> {
    /** Above what a sidecar takes to find that a secret cannot be read. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Option(names = "--dry-run", description = "Say what would change, or what is wrong, and change nothing.")
    private boolean dryRun;

    @Override
    public Integer call() throws CommandFailure {
        AdminClient client = admin.client();
        AdminClient.Answer answer = client.post("/api/reload" + (dryRun ? "?dry-run=true" : ""), PATIENCE);
        if (answer.status() != 200 && answer.status() != 422) {
            throw new CommandFailure(
                    "refused: HTTP " + answer.status() + " " + answer.body().trim());
        }
        Object outcome;
        try {
            outcome = JsonTree.parse(answer.body());
        } catch (IOException e) {
            throw new CommandFailure("The admin address answered what is not JSON. Is it an ambassador's?");
        }
        if (answer.status() == 422) {
            PrintWriter err = spec.commandLine().getErr();
            list(outcome, "problems").forEach(problem -> err.println("ambassador: " + printable(problem)));
            err.println("ambassador: rejected; configuration " + text(outcome, "generation") + " stays in force.");
            return Main.EXIT_WRONG;
        }
        print(outcome, spec.commandLine().getOut());
        return 0;
    }

    private void print(@Nullable Object outcome, PrintWriter out) {
        for (Object service : list(outcome, "services")) {
            out.println("service " + text(service, "service") + ": " + text(service, "change"));
            for (Object difference : list(service, "differences")) {
                String from = text(difference, "from");
                String to = text(difference, "to");
                String values = from.isEmpty() && to.isEmpty() ? "" : ": " + from + " -> " + to;
                out.println("  " + text(difference, "key") + values + " (" + text(difference, "effect") + ")");
            }
        }
        for (Object listener : list(outcome, "listeners")) {
            String change = text(listener, "change");
            String to = change.equals("changed") ? "now leads to " + text(listener, "service") : change;
            out.println("listener " + text(listener, "address") + ": " + to);
        }
        list(outcome, "restart").forEach(key -> out.println(printable(key) + ": takes a restart"));
        String generation = text(outcome, "generation");
        switch (text(outcome, "result")) {
            case "applied" -> out.println("Configuration " + generation + " is in force.");
            case "unchanged" -> out.println("Nothing has changed; configuration " + generation + " is in force.");
            default -> out.println("Nothing was changed: this was a dry run.");
        }
    }

    /** Free of what would command a terminal. */
    private static String printable(@Nullable Object value) {
        return String.valueOf(value).replaceAll("\\p{C}", "?");
    }

    private static String text(@Nullable Object object, String key) {
        return object instanceof Map<?, ?> map ? printable(map.get(key)) : "";
    }

    private static List<?> list(@Nullable Object object, String key) {
        return object instanceof Map<?, ?> map && map.get(key) instanceof List<?> list ? list : List.of();
    }
}
