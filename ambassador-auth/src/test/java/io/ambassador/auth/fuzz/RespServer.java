package io.ambassador.auth.fuzz;

import static io.ambassador.auth.fuzz.Fuzzed.require;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads what reaches a server, by a reader that has nothing in common with the one under test, and answers it. Watches
 * over commands that a client of ours must not get through.
 */
final class RespServer {
    private static final Set<String> OPENING = Set.of("AUTH", "HELLO", "PING", "SELECT", "READONLY", "CLIENT");

    private final FuzzClient client;
    private final boolean guarded;
    private final boolean refusesAgain;
    private final byte[] input;
    private byte[] unread = {};
    private int resets;
    private int logins;
    private int acceptedBefore;
    private boolean afterReset;
    private boolean guardLeft;

    /** @param refusesAgain whether it refuses to log in after {@code RESET} */
    RespServer(FuzzClient client, boolean guarded, boolean refusesAgain, byte[] input) {
        this.client = client;
        this.guarded = guarded;
        this.refusesAgain = refusesAgain;
        this.input = input;
    }

    /** What it answers to what {@code bytes} complete. */
    byte[] hear(byte[] bytes) {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        unread = concat(unread, bytes);
        while (!guardLeft) {
            List<String> command = next();
            if (command == null) {
                break;
            }
            answers.writeBytes(answer(command).getBytes(ISO_8859_1));
        }
        return answers.toByteArray();
    }

    private String answer(List<String> command) {
        String name = command.isEmpty() ? "" : command.get(0).toUpperCase(Locale.ROOT);
        if (afterReset) {
            afterReset = false;
            require(command.size() == 1 && name.matches("AMBASSADOR-[0-9A-F]{32}"), "a client's own RESET: " + command);
            require(!new String(input, ISO_8859_1).contains(command.get(0)), "a name that was guessed");
            return "-ERR unknown command '" + command.get(0) + "', with args beginning with: \r\n";
        }
        switch (name) {
            case "AUTH" -> {
                return auth(command);
            }
            case "RESET" -> {
                if (leaves(name)) {
                    return "";
                }
                resets++;
                acceptedBefore = client.accepted();
                afterReset = true;
                return "+RESET\r\n";
            }
            case "HELLO" -> {
                for (int at = 2; at < command.size(); at += 2) {
                    require(
                            !command.get(at).equalsIgnoreCase("AUTH") || at == command.size() - 1,
                            "a client's HELLO with AUTH: " + command);
                }
            }
            default -> {}
        }
        require(isServed(), "a stranger's: " + command);
        return command.isEmpty() || leaves(name) ? "" : "+OK\r\n";
    }

    private boolean isServed() {
        return !client.mustShowCredentials() || client.accepted() > acceptedBefore;
    }

    /** Whether a command of this name, which need not be whole, is the last that is looked at. */
    private boolean leaves(String name) {
        boolean last = !guarded && !OPENING.contains(name.toUpperCase(Locale.ROOT));
        require(!last || isServed(), "a stranger's: " + name);
        guardLeft |= last;
        return last;
    }

    /** Only what the ambassador says of its own accord. */
    private String auth(List<String> command) {
        if (command.equals(List.of("AUTH", "", ""))) {
            return "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
        }
        if (command.equals(List.of("AUTH"))) {
            return "-ERR wrong number of arguments for 'auth' command\r\n";
        }
        require(command.equals(List.of("AUTH", "app", "pencil")), "a client's own AUTH: " + command);
        logins++;
        require(logins <= client.accepted() + resets, "nobody asked for that login");
        return refusesAgain ? "-WRONGPASS invalid username-password pair or user is disabled.\r\n" : "+OK\r\n";
    }

    /** An array, or a line; {@code null} if it is not whole, or the last that is looked at. */
    private @Nullable List<String> next() {
        if (unread.length == 0) {
            return null;
        }
        if (unread[0] != '*') {
            return line();
        }
        int at = endOfLine(0);
        if (at < 0) {
            return null;
        }
        long count = number(0, at);
        List<String> arguments = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            int end = endOfLine(at);
            if (end < 0) {
                return null;
            }
            require(unread[at] == '$', "no argument, but " + unread[at]);
            long length = number(at, end);
            if (length + 2 > unread.length - end) {
                return null;
            }
            arguments.add(new String(unread, end, (int) length, ISO_8859_1));
            at = end + (int) length + 2;
            if (i == 0 && leaves(arguments.get(0))) {
                return null;
            }
        }
        drop(at);
        return arguments;
    }

    /** The quotes are left out of account where there are none. */
    private @Nullable List<String> line() {
        int end = endOfLine(0);
        if (end < 0) {
            return null;
        }
        String text = new String(unread, 0, end - 1, ISO_8859_1);
        drop(end);
        List<String> words = new ArrayList<>();
        for (String word : text.split("[ \\t\\r\\n\\x0b\\f]+")) {
            if (!word.isEmpty()) {
                words.add(unquoted(word));
            }
        }
        return words;
    }

    private static String unquoted(String word) {
        boolean quoted = word.length() > 1 && "\"'".indexOf(word.charAt(0)) >= 0 && word.endsWith(word.substring(0, 1));
        return quoted ? word.substring(1, word.length() - 1) : word;
    }

    private int endOfLine(int from) {
        for (int at = from; at < unread.length; at++) {
            if (unread[at] == '\n') {
                return at + 1;
            }
        }
        return -1;
    }

    /** The one right way to write it: servers differ about others. */
    private long number(int from, int end) {
        String text = new String(unread, from + 1, end - from - 1, ISO_8859_1);
        require(text.matches("(0|-?[1-9][0-9]{0,17})\r\n"), "a number that servers could read differently: " + text);
        return Long.parseLong(text.strip());
    }

    private void drop(int length) {
        unread = Arrays.copyOfRange(unread, length, unread.length);
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
