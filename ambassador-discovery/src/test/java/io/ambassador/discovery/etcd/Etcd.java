package io.ambassador.discovery.etcd;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RecordingListener;
import java.util.Map;

/** Sources of one provider, which share their clients as those of one ambassador do. */
final class Etcd implements AutoCloseable {
    private final EtcdProvider provider = new EtcdProvider();
    private final ControlThread control = new ControlThread();

    RecordingListener watch(Map<String, ?> settings) throws Exception {
        return RecordingListener.watch(source(settings));
    }

    EndpointSource source(Map<String, ?> settings) throws Exception {
        Settings parsed = Settings.of("discovery", settings);
        EtcdConfig config = provider.parse(parsed);
        parsed.throwIfWrong();
        return provider.create(config, control.scheduler());
    }

    @Override
    public void close() {
        control.close();
    }
}
