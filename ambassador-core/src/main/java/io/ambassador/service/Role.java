package io.ambassador.service;

import io.ambassador.spi.protocol.ServerRole;
import java.util.List;

/** Which of a replicated service's servers are wanted. */
public enum Role {
    ANY,
    PRIMARY,
    REPLICA,
    /** Replicas while there are any, else the primary. */
    PREFER_REPLICA;

    /** What a service wants that says nothing of roles. */
    public static Role usual(List<SourceGroup> discovery) {
        boolean told = !discovery.isEmpty()
                && discovery.stream()
                        .flatMap(group -> group.sources().stream())
                        .allMatch(source -> source.source().provider().tellsRoles());
        return told ? PRIMARY : ANY;
    }

    /** Whether one that counts as {@code role} gets connections. */
    boolean wants(ServerRole role) {
        return switch (this) {
            case ANY, PREFER_REPLICA -> true;
            case PRIMARY -> role == ServerRole.PRIMARY;
            case REPLICA -> role == ServerRole.REPLICA;
        };
    }

    /** Whether a server that said it is {@code seen}, when a client was logged in, may serve that client. */
    public boolean admits(ServerRole seen) {
        return switch (this) {
            case ANY, PREFER_REPLICA -> true;
            case PRIMARY -> seen != ServerRole.REPLICA;
            case REPLICA -> seen != ServerRole.PRIMARY;
        };
    }
}
