package com.example.postcard;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.testkit.ProbeContract;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;

class PostcardProbeTest extends ProbeContract {
    @Override
    protected ProbeProvider<?> provider() {
        return new PostcardProbeProvider();
    }

    @Override
    protected void answer(ScriptedServer.Connection connection) throws IOException {
        connection.out().write("WHO?\n".getBytes(UTF_8));
    }
}
