package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** One connection's commands, answered in the words of Redis. */
final class RedisSession {
    private static final String VERSION = "7.0.0"; // whose answers these are
    private static final byte[] DEFAULT_USER = Passwords.USER.getBytes(ISO_8859_1);

    private final String server;
    private final int port;
    private final Passwords passwords;
    private final RedisData data;
    private final RespWriter out;
    private boolean loggedIn;
    private int protocol = 2;
    private String clientName = "";

    RedisSession(String server, int port, Passwords passwords, RedisData data, RespWriter out) {
        this.server = server;
        this.port = port;
        this.passwords = passwords;
        this.data = data;
        this.out = out;
    }

    /** Whether the connection goes on. */
    boolean execute(List<byte[]> command) throws IOException {
        String name = text(command.get(0)).toUpperCase(Locale.ROOT);
        switch (name) {
            case "QUIT" -> {
                out.simple("OK");
                return false;
            }
            case "AUTH" -> auth(command);
            case "HELLO" -> hello(command);
            default -> {
                if (loggedIn) {
                    answer(name, command);
                } else {
                    out.error("NOAUTH Authentication required.");
                }
            }
        }
        return true;
    }

    private void answer(String name, List<byte[]> command) throws IOException {
        int arguments = command.size() - 1;
        switch (name) {
            case "PING" -> {
                if (arguments == 0) {
                    out.simple("PONG");
                } else {
                    out.bulk(command.get(1));
                }
            }
            case "ECHO" -> {
                if (takes(1, arguments, name)) {
                    out.bulk(command.get(1));
                }
            }
            case "GET" -> {
                if (takes(1, arguments, name)) {
                    out.bulk(data.get(text(command.get(1))));
                }
            }
            case "SET" -> {
                if (takes(2, arguments, name)) {
                    set(text(command.get(1)), command.get(2));
                }
            }
            case "INCR" -> {
                if (takes(1, arguments, name)) {
                    increment(text(command.get(1)));
                }
            }
            case "DBSIZE" -> out.integer(data.size());
            case "INFO" -> out.bulk(info());
            case "ROLE" -> {
                out.array(3);
                out.bulk("master");
                out.integer(0);
                out.array(0);
            }
            case "CLIENT" -> client(command);
            case "COMMAND" -> out.array(0);
            default -> out.error("ERR unknown command '" + name.replaceAll("[^A-Z]", "?") + "'");
        }
    }

    private boolean takes(int expected, int given, String name) throws IOException {
        if (given != expected) {
            out.error("ERR wrong number of arguments for '" + name.toLowerCase(Locale.ROOT) + "' command");
        }
        return given == expected;
    }

    private void auth(List<byte[]> command) throws IOException {
        if (command.size() != 2 && command.size() != 3) {
            out.error("ERR wrong number of arguments for 'auth' command");
            return;
        }
        if (logIn(command.size() == 2 ? DEFAULT_USER : command.get(1), command.get(command.size() - 1))) {
            out.simple("OK");
        }
    }

    private boolean logIn(byte[] user, byte[] password) throws IOException {
        if (!passwords.accepts(user, password)) {
            out.error("WRONGPASS invalid username-password pair or user is disabled.");
            return false;
        }
        loggedIn = true;
        return true;
    }

    /** {@code HELLO [2|3 [AUTH user password] [SETNAME name]]}. */
    private void hello(List<byte[]> command) throws IOException {
        String version = command.size() > 1 ? text(command.get(1)) : Integer.toString(protocol);
        if (!version.equals("2") && !version.equals("3")) {
            out.error("NOPROTO unsupported protocol version");
            return;
        }
        for (int i = 2; i < command.size(); i++) {
            String option = text(command.get(i)).toUpperCase(Locale.ROOT);
            if (option.equals("AUTH") && i + 2 < command.size()) {
                if (!logIn(command.get(i + 1), command.get(i + 2))) {
                    return;
                }
                i += 2;
            } else if (option.equals("SETNAME") && i + 1 < command.size()) {
                clientName = text(command.get(++i));
            } else {
                out.error("ERR Syntax error in HELLO option");
                return;
            }
        }
        if (!loggedIn) {
            out.error("NOAUTH HELLO must be called with the client already authenticated.");
            return;
        }
        protocol = Integer.parseInt(version);
        out.useResp3(protocol == 3);
        out.map(5);
        out.bulk("server");
        out.bulk("redis");
        out.bulk("version");
        out.bulk(VERSION);
        out.bulk("proto");
        out.integer(protocol);
        out.bulk("mode");
        out.bulk("standalone");
        out.bulk("role");
        out.bulk("master");
    }

    private void client(List<byte[]> command) throws IOException {
        String option = command.size() > 1 ? text(command.get(1)).toUpperCase(Locale.ROOT) : "";
        switch (option) {
            case "SETNAME" -> {
                clientName = command.size() > 2 ? text(command.get(2)) : "";
                out.simple("OK");
            }
            case "SETINFO" -> out.simple("OK");
            case "GETNAME" -> out.bulk(clientName);
            case "ID" -> out.integer(System.identityHashCode(this));
            default -> out.error("ERR unknown subcommand. Try CLIENT GETNAME, ID, SETINFO, SETNAME.");
        }
    }

    private void set(String key, byte[] value) throws IOException {
        if (data.set(key, value)) {
            out.simple("OK");
        } else {
            out.error("OOM command not allowed: this server keeps " + RedisData.MAX_KEYS + " keys");
        }
    }

    private void increment(String key) throws IOException {
        try {
            out.integer(data.increment(key));
        } catch (ArithmeticException e) {
            out.error("ERR value is not an integer or out of range");
        }
    }

    private String info() {
        return String.join(
                "\r\n",
                "# Server",
                "redis_version:" + VERSION,
                "redis_mode:standalone",
                "server_name:" + server,
                "tcp_port:" + port,
                "",
                "# Replication",
                "role:master",
                "connected_slaves:0",
                "",
                "# Keyspace",
                "db0:keys=" + data.size() + ",expires=0,avg_ttl=0",
                "");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }
}
