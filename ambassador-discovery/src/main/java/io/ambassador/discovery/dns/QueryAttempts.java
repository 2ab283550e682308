package io.ambassador.discovery.dns;

import io.ambassador.spi.discovery.DiscoveryException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Type;

/**
 * The tries of one query. A server that is silent, unreachable or answers with an error hands over to the next one;
 * silent and unreachable ones are tried again in up to three rounds, since datagrams get lost and servers restart. Runs
 * on the control thread.
 */
final class QueryAttempts {
    private static final long TRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long ROUND_PAUSE_MILLIS = 200;
    private static final int ROUNDS = 3;

    private final DnsClient client;
    private final ScheduledExecutorService scheduler;
    private final List<InetSocketAddress> servers;
    private final Name name;
    private final int type;
    private final CompletableFuture<Message> result = new CompletableFuture<>();
    private final long deadline;
    private int tries;
    private int errorReplies;
    private String lastProblem = "no server was asked";

    QueryAttempts(
            DnsClient client,
            ScheduledExecutorService scheduler,
            List<InetSocketAddress> servers,
            Name name,
            int type,
            Duration timeout) {
        this.client = client;
        this.scheduler = scheduler;
        this.servers = servers;
        this.name = name;
        this.type = type;
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    CompletableFuture<Message> start() {
        send(true);
        return result;
    }

    private InetSocketAddress server() {
        return servers.get(tries % servers.size());
    }

    private void send(boolean edns) {
        long nanos = Math.min(TRY_NANOS, deadline - System.nanoTime());
        Exchange udp = new UdpExchange(server(), new Query(name, type, edns), nanos);
        client.send(udp).whenComplete((reply, failure) -> {
            if (failure != null) {
                failed(failure);
            } else if (reply.getHeader().getFlag(Flags.TC)) {
                sendByTcp(edns);
            } else if (edns && isFormatError(reply)) {
                send(false); // a server from before EDNS
            } else {
                replied(reply);
            }
        });
    }

    private void sendByTcp(boolean edns) {
        long nanos = Math.max(TRY_NANOS, deadline - System.nanoTime());
        client.send(new TcpExchange(server(), new Query(name, type, edns), nanos))
                .whenComplete((reply, failure) -> {
                    if (failure == null) {
                        replied(reply);
                    } else {
                        failed(failure);
                    }
                });
    }

    private void replied(Message reply) {
        int rcode = reply.getRcode();
        if (rcode == Rcode.NOERROR || rcode == Rcode.NXDOMAIN) {
            result.complete(reply);
            return;
        }
        errorReplies++;
        problem(Rcode.string(rcode));
        next(errorReplies >= servers.size());
    }

    private void failed(Throwable failure) {
        if (failure instanceof PortUnreachableException) {
            problem("nothing listens there");
        } else if (failure instanceof SocketTimeoutException) {
            problem("no reply");
        } else {
            problem(failure instanceof IOException ? String.valueOf(failure.getMessage()) : failure.toString());
        }
        next(false);
    }

    private void next(boolean allSaidNo) {
        tries++;
        boolean roundOver = tries % servers.size() == 0;
        boolean timeOver = deadline - System.nanoTime() <= TimeUnit.MILLISECONDS.toNanos(ROUND_PAUSE_MILLIS);
        if (allSaidNo || timeOver || tries >= ROUNDS * servers.size()) {
            result.completeExceptionally(new DiscoveryException("DNS " + Type.string(type) + " " + name + ": "
                    + lastProblem + (servers.size() > 1 ? ", and the other servers did no better" : "")));
            return;
        }
        if (roundOver) {
            try {
                scheduler.schedule(() -> send(true), ROUND_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                DnsLoop.LOG.debug("The control thread has stopped", e);
            }
        } else {
            send(true);
        }
    }

    private void problem(String what) {
        InetSocketAddress server = server();
        lastProblem = server.getAddress().getHostAddress() + " port " + server.getPort() + ": " + what;
    }

    private static boolean isFormatError(Message reply) {
        int rcode = reply.getRcode();
        return rcode == Rcode.FORMERR || rcode == Rcode.NOTIMP;
    }
}
