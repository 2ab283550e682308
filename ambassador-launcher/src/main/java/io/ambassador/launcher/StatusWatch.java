package io.ambassador.launcher;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.LocalTime;
import java.util.Map;

/** Shows the state of a sidecar once more each time. */
final class StatusWatch {
    private static final String CLEAR = "\u001b[2J";
    private static final String TOP = "\u001b[H";
    private static final String REST_OF_LINE = "\u001b[K";
    private static final String REST_OF_SCREEN = "\u001b[J";

    private final AdminClient client;
    private final PrintWriter out;
    private final boolean json;
    private final boolean redraw;
    private boolean begun;

    /** @param redraw whether to draw over what was shown before */
    StatusWatch(AdminClient client, PrintWriter out, boolean json, boolean redraw) {
        this.client = client;
        this.out = out;
        this.json = json;
        this.redraw = redraw;
    }

    /** Whether anybody still reads it. A sidecar that does not answer may come back. */
    boolean show() {
        StringWriter frame = new StringWriter();
        PrintWriter lines = new PrintWriter(frame);
        try {
            String services = client.query("/api/services");
            if (json) {
                lines.println(services.trim());
            } else {
                lines.println(heading(state(services)));
                StatusTable.print(services, lines);
            }
        } catch (CommandFailure e) {
            lines.println(json ? "null" : heading(String.valueOf(e.getMessage())));
        }
        if (redraw) {
            String drawn = frame.toString().replace("\n", REST_OF_LINE + "\n");
            out.print((begun ? "" : CLEAR) + TOP + drawn + REST_OF_SCREEN);
        } else {
            out.print(begun && !json ? "\n" + frame : frame.toString());
        }
        begun = true;
        out.flush();
        return !out.checkError();
    }

    private static String heading(String text) {
        return String.format("%tT %s", LocalTime.now(), text);
    }

    private static String state(String services) throws CommandFailure {
        try {
            Map<?, ?> all = JsonTree.parse(services) instanceof Map<?, ?> map ? map : Map.of();
            return Boolean.TRUE.equals(all.get("draining"))
                    ? "draining"
                    : Boolean.TRUE.equals(all.get("ready")) ? "ready" : "not ready";
        } catch (IOException e) {
            throw StatusTable.notJson();
        }
    }
}
