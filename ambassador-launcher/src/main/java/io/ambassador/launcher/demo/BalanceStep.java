package io.ambassador.launcher.demo;

import static io.ambassador.launcher.demo.Step.require;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** Requests take turns on the HTTP backends. */
record BalanceStep(Stage stage) implements Step {
    private static final int EACH = 10;

    @Override
    public String name() {
        return "balance";
    }

    @Override
    public String run() throws Broken, IOException {
        Map<String, Integer> counts = new TreeMap<>();
        for (HttpBackend backend : stage.backends().http()) {
            counts.put(backend.name(), 0);
        }
        int requests = EACH * stage.backends().http().size();
        for (int i = 0; i < requests; i++) {
            counts.merge(Client.httpAt(stage.http()), 1, Integer::sum);
        }
        String seen = requests + " requests: "
                + counts.toString().replaceAll("[{}]", "").replace('=', ' ');
        for (int count : counts.values()) {
            // One more or less, since somebody else's request may come in between.
            require(Math.abs(count - EACH) <= 1, seen + ", where " + EACH + " each were expected");
        }
        return seen;
    }
}
