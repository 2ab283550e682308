package io.ambassador.auth.fuzz;

import static io.ambassador.auth.fuzz.Fuzzed.require;

import io.ambassador.auth.postgresql.PostgresqlProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLException;

/** A client's opening. The second byte of the input is what the service does for its clients, in bits. */
public final class PostgresqlGreetingFuzz {
    private static final Protocol POSTGRESQL = Fuzzed.protocol(new PostgresqlProvider(), Map.of());
    private static final Set<String> ALLOWED = Set.of(
            "database",
            "application_name",
            "client_encoding",
            "datestyle",
            "extra_float_digits",
            "geqo",
            "intervalstyle",
            "timezone");

    private PostgresqlGreetingFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        int settings = input.length < 2 ? 0 : input[1];
        Fuzzed.measured(input, allocator -> run(allocator, new FuzzClient(settings), input));
    }

    private static void run(UnpooledByteBufAllocator allocator, FuzzClient client, byte[] input) {
        Session session = POSTGRESQL.open(client);
        Promise<Void> greeted = ImmediateEventExecutor.INSTANCE.newPromise();
        EmbeddedChannel channel = Fuzzed.channel(allocator, session.greeting(greeted));
        Fuzzed.feed(channel, input, 2, channel::writeInbound);
        boolean in = greeted.isSuccess();
        if (in) {
            require(!client.mustShowCredentials() || client.accepted() == 1 || isCancel(session), "a stranger is in");
            login(allocator, client, session);
        }
        Fuzzed.close(channel);
        require(greeted.isDone(), "the client is gone, and the greeting goes on");
        if (!in) {
            if (!(greeted.cause() instanceof SSLException)) { // as it comes from TLS
                Fuzzed.requireTyped(greeted.cause());
            }
            session.refusal(new Refusal(Refusal.Kind.DRAINING, "1", "No."), allocator)
                    .release();
        }
        session.ended();
    }

    /** It is let in without a password to say one thing. */
    private static boolean isCancel(Session session) {
        return session.warmKey() == null;
    }

    /** What the backend is told first. */
    private static void login(UnpooledByteBufAllocator allocator, FuzzClient client, Session session) {
        Promise<Void> ready = ImmediateEventExecutor.INSTANCE.newPromise();
        EmbeddedChannel backend = Fuzzed.channel(allocator, session.login(ready, new FuzzLogin()));
        byte[] first = PgBytes.sent(backend);
        if (client.isLoggedInFor()) {
            List<String> parameters = PgBytes.parameters(first);
            int users = 0;
            for (int at = 0; at < parameters.size(); at += 2) {
                String name = parameters.get(at);
                if (name.equals("user")) {
                    users++;
                    require(parameters.get(at + 1).equals("app"), "logged in as " + parameters.get(at + 1));
                } else {
                    require(
                            name.startsWith("_pq_.") || ALLOWED.contains(name.toLowerCase(Locale.ROOT)),
                            "a parameter that is not allowed: " + name);
                }
            }
            require(users == 1, users + " users");
        } else {
            require(first.length >= 8, "what a client said for itself is lost");
        }
        Fuzzed.close(backend);
    }
}
