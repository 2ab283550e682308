package io.ambassador.upstream;

import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;

/** A session's last calls, whose exceptions are logged and keep nothing from being let go. */
final class Guarded {
    private Guarded() {}

    /** Empty if the session fails to say it. */
    static ByteBuf refusal(Service service, Session session, Refusal refusal, Channel client) {
        try {
            return session.refusal(refusal, client.alloc());
        } catch (RuntimeException e) {
            service.defect("A client could not be told why it is refused.", e);
            return client.alloc().buffer(0, 0);
        }
    }

    static void ended(Service service, Session session) {
        try {
            session.ended();
        } catch (RuntimeException e) {
            service.defect("A session failed as it ended.", e);
        }
    }
}
