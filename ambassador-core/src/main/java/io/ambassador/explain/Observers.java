package io.ambassador.explain;

import io.ambassador.spi.LogLimiter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those who want to hear. Thread-safe. */
final class Observers {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador");

    private final List<Observer> all = new CopyOnWriteArrayList<>();
    private final LogLimiter limiter = new LogLimiter();

    void add(Observer observer) {
        all.add(observer);
    }

    void remove(Observer observer) {
        all.remove(observer);
    }

    void tell(ConnectionRecord connection) {
        each(observer -> observer.connectionEnded(connection));
    }

    void tell(Event event) {
        each(observer -> observer.happened(event));
    }

    private void each(Consumer<Observer> news) {
        if (all.isEmpty()) {
            return;
        }
        for (Observer observer : all) {
            try {
                news.accept(observer);
            } catch (RuntimeException e) {
                limiter.log(observer.getClass(), leftOut -> LOG.error("An observer failed.", e));
            }
        }
    }
}
