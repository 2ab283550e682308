package io.ambassador.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.service.ListenAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Asks a running sidecar's admin address. */
final class AdminClient {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** An answer, whatever its status. */
    record Answer(int status, String body) {}

    /** Where a token comes from, each time one is sent. */
    interface TokenSource {
        /** Wiped by the caller; {@code null} for none. */
        byte @Nullable [] token() throws CommandFailure;
    }

    private final String address;
    private final TokenSource tokens;

    /** @param address as in {@code admin.listen}: {@code host:port}, a port of loopback, or {@code unix:/path} */
    AdminClient(String address, TokenSource tokens) {
        this.address = address;
        this.tokens = tokens;
    }

    Answer get(String path) throws CommandFailure {
        return ask("GET", path, PATIENCE);
    }

    /** @param patience with an answer that takes a while */
    Answer post(String path, Duration patience) throws CommandFailure {
        return ask("POST", path, patience);
    }

    /** What is there. @throws CommandFailure also if the answer is another */
    String query(String path) throws CommandFailure {
        return successful(get(path));
    }

    /** @throws CommandFailure also if the answer is not that it was done */
    String command(String path) throws CommandFailure {
        return command(path, PATIENCE);
    }

    /** @param patience until the answer, for what takes its time */
    String command(String path, Duration patience) throws CommandFailure {
        return successful(ask("POST", path, patience));
    }

    private String successful(Answer answer) throws CommandFailure {
        if (answer.status() >= 300) {
            throw new CommandFailure(address + " refused: HTTP " + answer.status() + " "
                    + answer.body().trim());
        }
        return answer.body();
    }

    private Answer ask(String method, String path, Duration patience) throws CommandFailure {
        ListenAddress listen = parsed();
        byte[] token = tokens.token();
        byte[] request = request(method, path, host(listen), token);
        try {
            PlainHttp.Answer answer = PlainHttp.exchange(destination(listen), request, patience);
            return new Answer(answer.status(), new String(answer.body(), UTF_8));
        } catch (UnresolvedAddressException e) {
            throw silent("its name is not known");
        } catch (IOException e) {
            throw silent(String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(request, (byte) 0);
            if (token != null) {
                Arrays.fill(token, (byte) 0);
            }
        }
    }

    private CommandFailure silent(String why) {
        return new CommandFailure("The admin address " + address + " does not answer: " + why
                + ". Is a sidecar running there? --admin names another.");
    }

    private ListenAddress parsed() throws CommandFailure {
        try {
            return ListenAddress.parse(address);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("--admin " + address + ": expected host:port, a port, or unix:/path.");
        }
    }

    private static byte[] request(String method, String path, String host, byte @Nullable [] token) {
        byte[] head = (method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
                        + (method.equals("POST") ? "Content-Length: 0\r\n" : "")
                        + (token == null ? "" : "Authorization: Bearer "))
                .getBytes(ISO_8859_1);
        byte[] secret = token == null ? new byte[0] : token;
        byte[] tail = (token == null ? "\r\n" : "\r\n\r\n").getBytes(ISO_8859_1);
        byte[] request = Arrays.copyOf(head, head.length + secret.length + tail.length);
        System.arraycopy(secret, 0, request, head.length, secret.length);
        System.arraycopy(tail, 0, request, head.length + secret.length, tail.length);
        return request;
    }

    private static String host(ListenAddress listen) {
        return listen instanceof ListenAddress.Tcp tcp ? dialled(tcp).toString() : "localhost";
    }

    private static SocketAddress destination(ListenAddress listen) {
        return listen instanceof ListenAddress.Tcp tcp
                ? new InetSocketAddress(dialled(tcp).host(), tcp.port())
                : listen.socketAddress();
    }

    /** What listens on every address is asked on loopback. */
    private static ListenAddress.Tcp dialled(ListenAddress.Tcp tcp) {
        return switch (tcp.host()) {
            case "0.0.0.0" -> new ListenAddress.Tcp("127.0.0.1", tcp.port());
            case "::" -> new ListenAddress.Tcp("::1", tcp.port());
            default -> tcp;
        };
    }
}
