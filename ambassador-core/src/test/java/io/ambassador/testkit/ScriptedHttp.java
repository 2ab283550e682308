package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** An HTTP server on a free port of 127.0.0.1 that answers as a test tells it to, each request on a thread of its own. */
public final class ScriptedHttp implements AutoCloseable {
    /** Answers one request; may take its time. */
    public interface Script {
        void answer(Call call) throws IOException, InterruptedException;
    }

    /** One request and its answer. */
    public static final class Call {
        private final HttpExchange exchange;

        private Call(HttpExchange exchange) {
            this.exchange = exchange;
        }

        public String path() {
            return exchange.getRequestURI().getPath();
        }

        /** The value of a query parameter; empty if it is absent. */
        public String query(String name) {
            String query = exchange.getRequestURI().getQuery();
            for (String pair : (query == null ? "" : query).split("&")) {
                if (pair.startsWith(name + "=")) {
                    return pair.substring(name.length() + 1);
                }
            }
            return "";
        }

        /** Empty if it is absent. */
        public String header(String name) {
            String value = exchange.getRequestHeaders().getFirst(name);
            return value == null ? "" : value;
        }

        /** What came with the request. */
        public byte[] body() throws IOException {
            return exchange.getRequestBody().readAllBytes();
        }

        public Call with(String header, String value) {
            exchange.getResponseHeaders().set(header, value);
            return this;
        }

        /** The whole answer. */
        public void say(int status, String body) throws IOException {
            byte[] bytes = body.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }

        /** Begins an answer of many parts, each a chunk as it is flushed. */
        public OutputStream begin() throws IOException {
            exchange.sendResponseHeaders(200, 0);
            return exchange.getResponseBody();
        }

        @Override
        public String toString() {
            return exchange.getRequestMethod() + " " + exchange.getRequestURI();
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "scripted-http");
        thread.setDaemon(true);
        return thread;
    });
    private final List<String> calls = new CopyOnWriteArrayList<>();

    private ScriptedHttp(SSLContext tls, int port, Script script) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try {
            if (tls == null) {
                server = HttpServer.create(address, 1024);
            } else {
                HttpsServer secured = HttpsServer.create(address, 1024);
                secured.setHttpsConfigurator(new HttpsConfigurator(tls));
                server = secured;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                Call call = new Call(exchange);
                calls.add(call.toString());
                script.answer(call);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
    }

    public static ScriptedHttp start(Script script) {
        return start(0, script);
    }

    /** On a port that is known already, as one that comes back does. */
    public static ScriptedHttp start(int port, Script script) {
        return new ScriptedHttp(null, port, script);
    }

    /** Over TLS; on a free port if {@code port} is 0. */
    public static ScriptedHttp startTls(Certificates.Issued issued, int port, Script script) {
        return new ScriptedHttp(issued.serverContext(), port, script);
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return "127.0.0.1:" + port();
    }

    /** {@code GET /path?query} of each request so far. */
    public List<String> calls() {
        return List.copyOf(calls);
    }

    /** Closes every connection. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
