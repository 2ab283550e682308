package io.ambassador.discovery.sentinel;

import io.ambassador.discovery.support.RecentPassword;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.net.Connector;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Follows all sentinels and tells what comes of what they say. On the loop, but for starting and closing. */
final class Sentinels {
    /** How long others may still speak up at the start, after the first has. */
    private static final Duration OTHERS = Duration.ofMillis(300);

    private static final Duration PASSWORD_RECENT = Duration.ofSeconds(5);

    private final EventLoop loop = RegistryLoop.acquire();
    private final List<Sentinel> sentinels = new ArrayList<>();
    private final List<Connector> connectors = new ArrayList<>();
    private final @Nullable RecentPassword password;
    private final Views views;
    private final Consumer<Told> told;
    private boolean waited;
    private boolean closed;

    private Sentinels(SentinelConfig config, ScheduledExecutorService scheduler, Consumer<Told> told) {
        this.told = told;
        this.views = new Views(config.master(), config.sentinels().size());
        RegistryPassword source = RegistryPassword.of(config.password());
        this.password = source == null ? null : new RecentPassword(source, PASSWORD_RECENT);
        for (int i = 0; i < config.sentinels().size(); i++) {
            Connector connector = new Connector(config.sentinels().get(i), config.options(), scheduler, loop);
            connectors.add(connector);
            sentinels.add(new Sentinel(config.sentinels().get(i), config, connector, password, loop, listener(i)));
        }
    }

    /** @return ends it, on any thread */
    static Runnable follow(SentinelConfig config, ScheduledExecutorService scheduler, Consumer<Told> told) {
        Sentinels all = new Sentinels(config, scheduler, told);
        all.loop.execute(() -> all.sentinels.forEach(Sentinel::start));
        return all::close;
    }

    private void close() {
        loop.execute(() -> {
            closed = true;
            sentinels.forEach(Sentinel::close);
            if (password != null) {
                password.close();
            }
        });
        connectors.forEach(Connector::close);
        RegistryLoop.release();
    }

    private Sentinel.Listener listener(int index) {
        return new Sentinel.Listener() {
            @Override
            public void onView(View view) {
                views.answered(index, view);
                heard();
            }

            @Override
            public void onFailure(DiscoveryException why) {
                views.failed(index, why);
                heard();
            }
        };
    }

    /** The first to answer may be behind: the others get a moment, unless a majority has answered already. */
    private void heard() {
        if (waited || views.heardAll() || views.isMajority(views.answers())) {
            tell();
        } else if (views.answers() == 1) {
            loop.schedule(this::tell, OTHERS.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void tell() {
        if (!closed) {
            waited = true;
            told.accept(views.told());
        }
    }
}
