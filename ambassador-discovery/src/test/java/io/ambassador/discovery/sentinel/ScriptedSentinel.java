package io.ambassador.discovery.sentinel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.testkit.LoopbackServer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Answers as a sentinel does that monitors one primary by the name of {@code main}. */
final class ScriptedSentinel extends LoopbackServer {
    /** What it says of one server, each {@code host:port}. */
    record State(long epoch, String primary, List<String> replicas, Set<String> down) {
        static State of(long epoch, String primary, String... replicas) {
            return new State(epoch, primary, List.of(replicas), Set.of());
        }
    }

    private final Set<OutputStream> subscribers = ConcurrentHashMap.newKeySet();
    private volatile State state; // null: knows no primary
    private volatile boolean broken;
    private volatile boolean silent;
    private volatile String password;

    private ScriptedSentinel(State state) {
        super(bind());
        this.state = state;
    }

    static ScriptedSentinel start(State state) {
        ScriptedSentinel sentinel = new ScriptedSentinel(state);
        sentinel.accept();
        return sentinel;
    }

    String at() {
        return "127.0.0.1:" + port();
    }

    /** Says something else from now on, without publishing it. */
    void set(State newState) {
        state = newState;
    }

    /** The same, and publishes it. */
    void switchTo(State newState) {
        state = newState;
        publish("+switch-master", "main 127.0.0.1 1 127.0.0.1 2");
    }

    void publish(String channel, String message) {
        byte[] bytes = ("*3\r\n" + bulk("message") + bulk(channel) + bulk(message)).getBytes(UTF_8);
        for (OutputStream out : subscribers) {
            try {
                out.write(bytes);
            } catch (IOException e) {
                subscribers.remove(out);
            }
        }
    }

    /** Resets every connection, now and later. */
    void breakDown() {
        broken = true;
        resetAll();
    }

    void recover() {
        broken = false;
    }

    /** Whether to keep quiet from now on. */
    void silent(boolean wanted) {
        silent = wanted;
    }

    void requirePassword(String wanted) {
        password = wanted;
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        if (broken) {
            reset(socket);
            return;
        }
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        boolean allowed = password == null;
        try {
            List<String> command;
            while ((command = command(in)) != null) {
                if (silent) {
                    continue;
                }
                String answer;
                if (command.get(0).equals("AUTH")) {
                    allowed =
                            password == null || command.get(command.size() - 1).equals(password);
                    answer = password == null
                            ? "-ERR Client sent AUTH, but no password is set\r\n"
                            : allowed ? "+OK\r\n" : "-WRONGPASS invalid username-password pair\r\n";
                } else if (!allowed) {
                    answer = "-NOAUTH Authentication required.\r\n";
                } else {
                    answer = answer(command, out);
                }
                out.write(answer.getBytes(UTF_8));
            }
        } finally {
            subscribers.remove(out);
        }
    }

    private String answer(List<String> command, OutputStream out) {
        if (command.get(0).equals("SUBSCRIBE")) {
            subscribers.add(out);
            StringBuilder answer = new StringBuilder();
            for (int i = 1; i < command.size(); i++) {
                answer.append("*3\r\n").append(bulk("subscribe")).append(bulk(command.get(i)));
                answer.append(":").append(i).append("\r\n");
            }
            return answer.toString();
        }
        State now = state;
        boolean known = now != null && command.get(2).equals("main");
        return switch (command.get(1)) {
            case "GET-MASTER-ADDR-BY-NAME" ->
                known ? "*2\r\n" + bulk(host(now.primary())) + bulk(port(now.primary())) : "*-1\r\n";
            case "MASTER" -> known ? server(now.primary(), "master", now) : "-ERR No such master with that name\r\n";
            case "REPLICAS" -> known ? replicas(now) : "-ERR No such master with that name\r\n";
            default -> "-ERR unknown command\r\n";
        };
    }

    private static String replicas(State now) {
        StringBuilder answer = new StringBuilder("*" + now.replicas().size() + "\r\n");
        now.replicas().forEach(replica -> answer.append(server(replica, "slave", now)));
        return answer.toString();
    }

    private static String server(String address, String kind, State now) {
        String flags = kind + (now.down().contains(address) ? ",s_down,disconnected" : "");
        return "*8\r\n" + bulk("ip") + bulk(host(address)) + bulk("port") + bulk(port(address)) + bulk("flags")
                + bulk(flags) + bulk("config-epoch") + bulk(Long.toString(now.epoch()));
    }

    private static String host(String address) {
        return address.substring(0, address.lastIndexOf(':'));
    }

    private static String port(String address) {
        return address.substring(address.lastIndexOf(':') + 1);
    }

    private static String bulk(String text) {
        return "$" + text.getBytes(UTF_8).length + "\r\n" + text + "\r\n";
    }

    private static List<String> command(InputStream in) throws IOException {
        String line = line(in);
        if (line == null) {
            return null;
        }
        List<String> words = new ArrayList<>();
        for (int i = Integer.parseInt(line.substring(1)); i > 0; i--) {
            int length = Integer.parseInt(line(in).substring(1));
            words.add(new String(in.readNBytes(length), UTF_8));
            in.skipNBytes(2);
        }
        return words;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int c;
        while ((c = in.read()) != '\n') {
            if (c < 0) {
                return null;
            }
            line.append((char) c);
        }
        return line.toString().strip();
    }
}
