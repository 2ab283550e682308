package io.ambassador;

import io.ambassador.service.ServiceEnvironment;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The way from one set of services to another. All that can go wrong goes wrong in {@link #prepare}, beside what is
 * running; {@link #commit} only swaps.
 */
final class Change {
    private static final Duration SECRET_PATIENCE = Duration.ofSeconds(5);

    /** How long a start waits for secrets; a client that comes earlier than they do waits, too. */
    private static final Duration START_PATIENCE = Duration.ofSeconds(1);

    private final Map<String, ServiceUnit> running;
    private final Transport transport;
    private final ServiceEnvironment environment;
    private final boolean starting;
    private final SocketChange sockets;
    private final Map<String, ServiceUnit> wanted = new LinkedHashMap<>();
    private final List<ServiceUnit> made = new ArrayList<>();
    private final List<String> unusable = new ArrayList<>();
    private final List<String> unavailable = new ArrayList<>();

    /** @param starting whether this is the first: nothing runs that would be better than a service without a secret */
    Change(
            Map<String, ServiceUnit> running,
            Listeners listeners,
            Transport transport,
            ServiceEnvironment environment,
            boolean starting) {
        this.running = running;
        this.transport = transport;
        this.environment = environment;
        this.starting = starting;
        this.sockets = new SocketChange(listeners);
    }

    /**
     * Makes every service that is new or described otherwise, reads its secrets, binds its sockets. Blocks for some
     * seconds at most.
     *
     * @param leaving finds a service of that name whose last connections are ending
     * @throws AmbassadorException with everything that is wrong; nothing is left over
     */
    void prepare(Collection<ServiceSpec> specs, Function<String, @Nullable ServiceUnit> leaving)
            throws AmbassadorException {
        boolean prepared = false;
        try {
            for (ServiceSpec spec : specs) {
                make(spec, leaving);
            }
            made.forEach(unit -> unit.service().readSecrets());
            wanted.values().forEach(unit -> sockets.prepare(unit, unusable, unavailable));
            awaitSecrets();
            throwIfWrong();
            prepared = true;
        } finally {
            if (!prepared) {
                abandon();
            }
        }
    }

    private void make(ServiceSpec spec, Function<String, @Nullable ServiceUnit> leaving) {
        if (wanted.containsKey(spec.name())) {
            unusable.add("services." + spec.name() + ": is described twice");
            return;
        }
        ServiceUnit old = running.get(spec.name());
        if (old != null && old.spec().equals(spec)) {
            wanted.put(spec.name(), old);
            return;
        }
        try {
            ServiceUnit unit =
                    ServiceUnit.make(spec, old == null ? leaving.apply(spec.name()) : old, transport, environment);
            wanted.put(spec.name(), unit);
            made.add(unit);
        } catch (ConfigurationException e) {
            unusable.addAll(e.problems());
        }
    }

    private void awaitSecrets() {
        long deadline = System.nanoTime() + (starting ? START_PATIENCE : SECRET_PATIENCE).toNanos();
        for (ServiceUnit unit : made) {
            List<String> problems =
                    unit.service().awaitSecrets(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
            if (starting) {
                problems.forEach(problem -> unit.service().log().warn("{}. Clients wait for it.", problem));
            } else {
                unusable.addAll(problems);
            }
        }
    }

    private void throwIfWrong() throws AmbassadorException {
        if (starting && unusable.isEmpty() && !unavailable.isEmpty()) {
            throw new AmbassadorException(String.join(System.lineSeparator(), unavailable));
        }
        List<String> problems = new ArrayList<>(unusable);
        problems.addAll(unavailable);
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    /** The last step that may fail, and the first that is felt: see {@link SocketChange#makeRoom}. */
    void makeRoom() throws ConfigurationException {
        try {
            sockets.makeRoom(running.values());
        } catch (AmbassadorException e) {
            throw new ConfigurationException(String.valueOf(e.getMessage()));
        }
    }

    /** Lets go of everything that was made. */
    void abandon() {
        sockets.abandon();
        made.forEach(ServiceUnit::abandon);
    }

    /** Lets the new take the place of the old. Control thread; {@link #finish} follows. */
    void commit() {
        made.forEach(unit -> attempt(unit, unit::begin));
        wanted.values().forEach(unit -> attempt(unit, () -> sockets.lead(unit)));
        for (ServiceUnit old : running.values()) {
            ServiceUnit by = wanted.get(old.spec().name());
            if (by != old) {
                attempt(old, () -> old.end(by));
            }
        }
    }

    /** There is no way back any more: what fails is a defect, and must not keep the rest from being done. */
    private static void attempt(ServiceUnit unit, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            unit.service().defect("A part of a change failed.", e);
        }
    }

    /** Opens what is new, and closes what is gone. Blocks until that is done. */
    void finish() {
        sockets.finish();
    }

    /** The services that there are now. */
    Map<String, ServiceUnit> wanted() {
        return wanted;
    }

    /** Those that nobody asks for any more. */
    List<ServiceUnit> removed() {
        return running.values().stream()
                .filter(unit -> !wanted.containsKey(unit.spec().name()))
                .toList();
    }
}
