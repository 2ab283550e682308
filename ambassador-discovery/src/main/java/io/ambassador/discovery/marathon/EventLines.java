package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.http.Lines;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Puts server-sent events together from their lines and tells which app each is about. On the HTTP thread.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">Event
 *     streams</a>
 */
final class EventLines implements Lines {
    /** What may change an app's tasks, their health or their ports, in Marathon's older and newer words. */
    static final Set<String> CHANGES = Set.of(
            "status_update_event",
            "health_status_changed_event",
            "instance_changed_event",
            "instance_health_changed_event",
            "unhealthy_task_kill_event",
            "unhealthy_instance_kill_event",
            "app_terminated_event",
            "api_post_event");

    private static final int MAX_DATA = 4 << 20;

    private final Runnable opened;
    private final Consumer<String> changed;
    private final StringBuilder data = new StringBuilder();
    private String type = "";

    /**
     * @param opened the stream has begun
     * @param changed hears the app's id
     */
    EventLines(Runnable opened, Consumer<String> changed) {
        this.opened = opened;
        this.changed = changed;
    }

    @Override
    public void onOpen() {
        opened.run();
    }

    @Override
    public void onLine(String line) {
        if (line.isEmpty()) {
            if (data.length() > 0) {
                tell(type, data.toString());
            }
            data.setLength(0);
            type = "";
            return;
        }
        int colon = line.indexOf(':');
        String field = colon < 0 ? line : line.substring(0, colon);
        String value = colon < 0 ? "" : line.substring(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
        if (field.equals("event")) {
            type = value;
        } else if (field.equals("data") && data.length() + value.length() < MAX_DATA) {
            data.append(value).append('\n');
        }
    }

    private void tell(String name, String event) {
        if (name.isEmpty() || CHANGES.contains(name)) {
            String app = app(Json.parse(event));
            if (!app.isEmpty()) {
                changed.accept(app);
            }
        }
    }

    /** The app that {@code event} is about; empty if it changes none. */
    static String app(Json event) {
        String type = event.text("eventType");
        if (!type.isEmpty() && !CHANGES.contains(type)) {
            return "";
        }
        for (String key : new String[] {"appId", "runSpecId"}) {
            if (!event.text(key).isEmpty()) {
                return event.text(key);
            }
        }
        return event.get("appDefinition").text("id");
    }
}
