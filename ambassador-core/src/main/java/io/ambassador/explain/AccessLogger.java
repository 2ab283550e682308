package io.ambassador.explain;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Writes a line for each connection: the reason, and what {@link ConnectionRecord#fields} tells. */
final class AccessLogger {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.access");

    private final AccessLog which;

    AccessLogger(AccessLog which) {
        this.which = which;
    }

    void ended(ConnectionRecord connection) {
        boolean wanted =
                which == AccessLog.ON || which == AccessLog.FAILURES && connection.reason() != EndReason.COMPLETED;
        if (wanted && LOG.isInfoEnabled()) {
            LoggingEventBuilder line = LOG.atInfo();
            for (Map.Entry<String, Object> field : connection.fields().entrySet()) {
                line = line.addKeyValue(field.getKey(), field.getValue());
            }
            line.log(connection.reason().word());
        }
    }
}
