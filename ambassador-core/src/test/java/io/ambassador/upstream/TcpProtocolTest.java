package io.ambassador.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.ambassador.testkit.TestClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TcpProtocolTest {
    @Test
    @SuppressWarnings("unchecked") // the record came from this provider
    void dialsAtOnceAndRefusesWithoutAWord() throws Exception {
        Providers<ProtocolProvider<?>> providers = Providers.load(ProtocolProvider.class, "protocol");
        ProtocolProvider<Record> tcp = (ProtocolProvider<Record>) providers.get("tcp");
        Session session = tcp.create(tcp.parse(Settings.of("tcp", Map.of()))).open(new TestClient(false));

        assertFalse(tcp.injectsCredentials());
        assertNull(session.greeting(ImmediateEventExecutor.INSTANCE.newPromise()));
        ByteBuf refusal =
                session.refusal(new Refusal(Refusal.Kind.LIMIT, "id", "no"), UnpooledByteBufAllocator.DEFAULT);
        assertEquals(0, refusal.readableBytes());
        refusal.release();
    }
}
