package io.ambassador.launcher.logging;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;
import org.slf4j.event.LoggingEvent;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.spi.LoggingEventAware;

/** A logger that makes one line of each event from a level on, which may change at any time. */
final class LineLogger extends LegacyAbstractLogger implements LoggingEventAware {
    private static final long serialVersionUID = 1L;

    private volatile int threshold;

    LineLogger(String name, Level level) {
        this.name = name;
        this.threshold = level.toInt();
    }

    void threshold(Level level) {
        threshold = level.toInt();
    }

    @Override
    public void log(LoggingEvent event) {
        if (event.getLevel().toInt() >= threshold) {
            List<KeyValuePair> values = event.getKeyValuePairs();
            String message = MessageFormatter.basicArrayFormat(event.getMessage(), event.getArgumentArray());
            Logging.write(new Event(
                    System.currentTimeMillis(),
                    event.getLevel(),
                    name,
                    String.valueOf(message),
                    values == null ? List.of() : values,
                    event.getThrowable()));
        }
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            @Nullable String pattern,
            Object @Nullable [] arguments,
            @Nullable Throwable thrown) {
        String message = MessageFormatter.basicArrayFormat(pattern, arguments);
        Logging.write(new Event(System.currentTimeMillis(), level, name, String.valueOf(message), List.of(), thrown));
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    public boolean isTraceEnabled() {
        return Level.TRACE.toInt() >= threshold;
    }

    @Override
    public boolean isDebugEnabled() {
        return Level.DEBUG.toInt() >= threshold;
    }

    @Override
    public boolean isInfoEnabled() {
        return Level.INFO.toInt() >= threshold;
    }

    @Override
    public boolean isWarnEnabled() {
        return Level.WARN.toInt() >= threshold;
    }

    @Override
    public boolean isErrorEnabled() {
        return Level.ERROR.toInt() >= threshold;
    }
}
