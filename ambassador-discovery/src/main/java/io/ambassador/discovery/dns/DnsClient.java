package io.ambassador.discovery.dns;

import io.ambassador.spi.discovery.DiscoveryException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;

/**
 * Asks DNS servers one question at a time: in their order, by UDP, again by TCP where the reply was cut. Its results
 * arrive on the control thread. {@link #close()} is for any thread.
 */
final class DnsClient implements AutoCloseable {
    private final ScheduledExecutorService scheduler;
    private final Duration timeout;
    private boolean acquired; // guarded by this, as is closed
    private boolean closed;

    /** @param timeout for one query over all servers and tries */
    DnsClient(ScheduledExecutorService scheduler, Duration timeout) {
        this.scheduler = scheduler;
        this.timeout = timeout;
    }

    /**
     * @return a reply with NOERROR or NXDOMAIN, or the {@link DiscoveryException} that tells why no server gave one
     */
    CompletableFuture<Message> query(List<InetSocketAddress> servers, Name name, int type) {
        return new QueryAttempts(this, scheduler, servers, name, type, timeout).start();
    }

    /** One try at one server, completed on the control thread. */
    CompletableFuture<Message> send(Exchange exchange) {
        CompletableFuture<Message> result = new CompletableFuture<>();
        exchange.reply().whenComplete((message, failure) -> {
            try {
                scheduler.execute(() -> complete(result, message, failure));
            } catch (RejectedExecutionException e) {
                DnsLoop.LOG.debug("A DNS reply came after the control thread had stopped", e);
            }
        });
        try {
            loop().submit(exchange);
        } catch (IOException e) {
            exchange.fail(e);
        }
        return result;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            if (acquired) {
                DnsLoop.release();
            }
        }
    }

    private synchronized DnsLoop loop() throws IOException {
        if (closed) {
            throw new IOException("the DNS client was closed");
        }
        if (!acquired) {
            acquired = true;
            DnsLoop.acquire();
        }
        return DnsLoop.running();
    }

    private static void complete(
            CompletableFuture<Message> result, @Nullable Message message, @Nullable Throwable failure) {
        if (failure == null) {
            result.complete(message);
        } else {
            result.completeExceptionally(failure);
        }
    }
}
