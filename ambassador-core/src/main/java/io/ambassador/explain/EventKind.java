package io.ambassador.explain;

import java.util.Locale;

/** What may change while an ambassador runs. */
public enum EventKind {
    ENDPOINT_ADDED,
    ENDPOINT_REMOVED,
    /** So many came or went at once that none of them is told by itself. */
    ENDPOINTS_CHANGED,
    ENDPOINT_HEALTHY,
    ENDPOINT_UNHEALTHY,
    /** After failed connections. */
    ENDPOINT_EJECTED,
    ENDPOINT_READMITTED,
    /** It came and went too often, and is held out for a while. */
    ENDPOINT_DAMPED,
    ENDPOINT_UNDAMPED,
    ENDPOINT_ROLE,
    /** So few endpoints are available that all are used. */
    PANIC,
    PANIC_OVER,
    /** Too few endpoints of the own zone are available: more connections than before go to others, or fewer. */
    SPILLOVER,
    /** They stay in the own zone again. */
    SPILLOVER_ENDED,
    /** A source no longer answers; what is known goes on being used. */
    DISCOVERY_STALE,
    DISCOVERY_FRESH,
    /** Another secret was read. */
    CREDENTIALS_CHANGED,
    CREDENTIALS_ACCEPTED,
    CREDENTIALS_REFUSED,
    /** Another configuration is in force. */
    CONFIG_APPLIED,
    /** A configuration was left aside; the one before stays. */
    CONFIG_REJECTED,
    /** An operator keeps new connections from it. */
    ENDPOINT_DRAINED,
    ENDPOINT_UNDRAINED,
    /** An operator has its listeners closed. */
    SERVICE_DRAINED,
    SERVICE_UNDRAINED,
    LISTENER_OPENED,
    LISTENER_CLOSED,
    STARTED,
    /** No more clients are accepted. */
    DRAINING;

    /** As in the API: {@code endpoint-added}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
