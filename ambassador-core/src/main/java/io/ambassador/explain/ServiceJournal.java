package io.ambassador.explain;

import java.util.Collections;
import java.util.List;

/** One service's part of the {@link Journal}, and its last connections. Thread-safe; telling never waits. */
public final class ServiceJournal {
    private static final int MOST = 128;

    private final Journal journal;
    private final String service;
    private final AccessLogger accessLog;
    private final Ring<ConnectionRecord> connections;

    public ServiceJournal(Journal journal, String service, AccessLog accessLog) {
        this(journal, service, accessLog, new Ring<>(MOST));
    }

    private ServiceJournal(Journal journal, String service, AccessLog accessLog, Ring<ConnectionRecord> connections) {
        this.journal = journal;
        this.service = service;
        this.accessLog = new AccessLogger(accessLog);
        this.connections = connections;
    }

    /** The same one, whose connections are logged by another rule when they are ended here. */
    public ServiceJournal with(AccessLog other) {
        return new ServiceJournal(journal, service, other, connections);
    }

    public void ended(ConnectionRecord connection) {
        connections.add(number -> connection);
        accessLog.ended(connection);
        journal.observers().tell(connection);
    }

    /** @param subject the endpoint, source or address; empty if there is none */
    public void tell(EventKind kind, String subject, String detail) {
        journal.tell(kind, service, subject, detail);
    }

    /** The last 128, newest first. */
    public List<ConnectionRecord> connections() {
        List<ConnectionRecord> found = connections.all();
        Collections.reverse(found);
        return found;
    }
}
