package io.ambassador.service;

import io.ambassador.explain.EventKind;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.spi.protocol.ServerRole;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Weighs what servers say they are against what their source says. Where the source tells roles, a server is the
 * primary only if both say so: one that was demoted may not have heard yet, and a registry may be behind. While the
 * source cannot be asked, servers alone are believed, and of two that say they are the primary the one in use. Control
 * thread only.
 */
final class Roles {
    private final ServiceJournal journal;
    private final Logger log;
    private boolean stale;
    private @Nullable PooledEndpoint primary;

    Roles(ServiceJournal journal, Logger log) {
        this.journal = journal;
        this.log = log;
    }

    /** Whether what the source says of roles is old. */
    void stale(boolean old) {
        stale = old;
    }

    void settle(Collection<PooledEndpoint> members) {
        boolean old = stale && members.stream().anyMatch(member -> member.toldRole() != ServerRole.UNKNOWN);
        primary = old ? onlyPrimary(members) : null;
        for (PooledEndpoint member : members) {
            ServerRole settled = old ? withoutSource(member) : withSource(member);
            boolean disputed = isDisputed(member.toldRole(), member.seenRole(), settled);
            if (disputed && !member.isDisputed()) {
                log.warn(
                        "{} says that it is {}, but {}: it counts as {}",
                        member.endpoint().address(),
                        member.seenRole(),
                        old ? "another is in use as such" : "discovery says " + member.toldRole(),
                        settled);
            }
            ServerRole before = member.role();
            member.settle(settled, disputed);
            if (settled != before) {
                journal.tell(EventKind.ENDPOINT_ROLE, member.endpoint().address(), "is " + settled + ", was " + before);
            }
            if (!old && settled == ServerRole.PRIMARY) {
                primary = member;
            }
        }
    }

    private static boolean isDisputed(ServerRole told, ServerRole seen, ServerRole settled) {
        return settled != seen && seen != ServerRole.UNKNOWN
                || told == ServerRole.PRIMARY && seen == ServerRole.REPLICA;
    }

    private static ServerRole withSource(PooledEndpoint member) {
        ServerRole told = member.toldRole();
        ServerRole seen = member.seenRole();
        if (seen == ServerRole.UNKNOWN) {
            return member.hasAnswered() ? told : seen; // it was asked, and its protocol or probe knows no roles
        }
        return told == ServerRole.REPLICA && seen == ServerRole.PRIMARY ? ServerRole.UNKNOWN : seen;
    }

    private ServerRole withoutSource(PooledEndpoint member) {
        ServerRole seen = member.seenRole();
        if (seen == ServerRole.UNKNOWN) {
            return member.hasAnswered() ? member.toldRole() : seen;
        }
        return seen == ServerRole.PRIMARY && member != primary ? ServerRole.UNKNOWN : seen;
    }

    private @Nullable PooledEndpoint onlyPrimary(Collection<PooledEndpoint> members) {
        PooledEndpoint best = null;
        for (PooledEndpoint member : members) {
            if (member.seenRole() == ServerRole.PRIMARY && (best == null || rank(member) > rank(best))) {
                best = member;
            }
        }
        return best;
    }

    private int rank(PooledEndpoint member) {
        return (member.isAvailable() ? 4 : 0)
                + (member == primary ? 2 : 0)
                + (member.toldRole() == ServerRole.PRIMARY ? 1 : 0);
    }
}
