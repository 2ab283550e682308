package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.http.Target;

/**
 * Settings of source {@code marathon}.
 *
 * @param app its id, from {@code /} on
 * @param port a container's port, or the name of one; empty if it is told by {@code portIndex}, or the app has but one
 * @param portIndex which of the app's ports, from 0; -1 if it is told otherwise
 */
public record MarathonConfig(MastersConfig masters, String app, String port, int portIndex, Health health) {
    /** Which tasks count, where the app has health checks. */
    public enum Health {
        /** Those whose checks have all passed. */
        PASSING,
        ANY
    }

    /** The app with its tasks. */
    String target() {
        return path().query("embed", "app.tasks").toString();
    }

    /** The tasks alone. */
    String tasks() {
        return path().segment("tasks").toString();
    }

    private Target path() {
        return new Target("/v2/apps").path(app.substring(1));
    }

    /** As in a short form. */
    String name() {
        return masters.scheme() + "://" + masters + app + (port.isEmpty() ? "" : ":" + port);
    }

    @Override
    public String toString() {
        return name() + (portIndex < 0 ? "" : " port-index " + portIndex) + " health " + health;
    }
}
