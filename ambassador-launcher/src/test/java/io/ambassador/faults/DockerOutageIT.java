package io.ambassador.faults;

import io.ambassador.testkit.DockerEngine;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;

/** A real Docker Engine that leaves its containers alone when it dies. It is told by renaming them who is served. */
class DockerOutageIT extends RegistryOutage {
    @Override
    protected int call(InetSocketAddress address) throws IOException {
        return Container.call(address);
    }

    @Override
    protected Registry startRegistry() {
        DockerEngine engine = DockerEngine.start("--live-restore");
        Container.run(engine, 0);
        Container.run(engine, 1);
        engine.docker("rename", Container.name(0), "main");
        return new Registry() {
            private int served;

            @Override
            public String address() {
                return engine.host();
            }

            @Override
            public String type() {
                return "docker";
            }

            @Override
            public Map<String, ?> settings(String address) {
                String host = address.startsWith("unix:") ? address : "tcp://" + address;
                return Map.of("host", host, "container", "main", "port", Container.PORT);
            }

            @Override
            public void serve(int backend) {
                if (backend != served) {
                    engine.docker("rename", "main", Container.name(served));
                    engine.docker("rename", Container.name(backend), "main");
                    served = backend;
                }
            }

            @Override
            public void kill() {
                engine.stop("KILL");
            }

            @Override
            public void restart() {
                engine.restart();
            }

            @Override
            public void freeze() {
                engine.pause();
            }

            @Override
            public void thaw() {
                engine.resume();
            }

            @Override
            public void close() {
                engine.close();
            }
        };
    }
}
