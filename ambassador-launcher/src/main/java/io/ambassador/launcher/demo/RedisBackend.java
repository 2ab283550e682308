package io.ambassador.launcher.demo;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.List;

/** Speaks as much Redis as a person at {@code redis-cli} needs, and asks for a password. */
class RedisBackend extends Server {
    private final Passwords passwords;
    private final RedisData data;

    /** @param data shared by the members of a pair, in place of replication */
    RedisBackend(String name, Passwords passwords, RedisData data) throws IOException {
        super(name);
        this.passwords = passwords;
        this.data = data;
    }

    @Override
    void serve(Socket client) throws IOException {
        InputStream in = new BufferedInputStream(client.getInputStream());
        RespWriter out = new RespWriter(new BufferedOutputStream(client.getOutputStream()));
        RedisSession session = new RedisSession(name(), address().getPort(), passwords, data, out);
        boolean goesOn = true;
        while (goesOn) {
            List<byte[]> command = Resp.command(in);
            if (command == null) {
                return;
            }
            goesOn = command.isEmpty() || session.execute(command);
            if (in.available() == 0 || !goesOn) {
                out.flush();
            }
        }
    }
}
