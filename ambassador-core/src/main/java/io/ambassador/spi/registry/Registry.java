package io.ambassador.spi.registry;

import java.util.concurrent.CompletionStage;

/**
 * Publishes instances. {@code RegistryContract} in the testkit checks: a published instance can be found by the
 * matching source; it stays published for as long as it is registered, through restarts of the registry; closing
 * withdraws it; an instance whose process dies disappears by itself within the registry's time to live.
 */
public interface Registry extends AutoCloseable {
    /** Publishes {@code instance} and keeps it published. Does not block. */
    Registration register(ServiceInstance instance);

    /** Withdraws what is still registered. */
    @Override
    void close();

    /** One published instance. */
    interface Registration extends AutoCloseable {
        /** Completes when the instance has first been published. */
        CompletionStage<Void> published();

        /** Withdraws the instance; may be called twice. */
        @Override
        void close();
    }
}
