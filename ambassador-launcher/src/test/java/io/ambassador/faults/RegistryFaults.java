package io.ambassador.faults;

import io.ambassador.testkit.FaultRelay;
import org.junit.jupiter.api.Test;

/** The same for a real registry, which is frozen and cut off, too. */
abstract class RegistryFaults extends RegistryOutage {
    /** A process. */
    interface FreezingRegistry extends Registry {
        /** SIGSTOP. */
        void pause();

        /** SIGCONT. */
        void resume();
    }

    @Override
    protected abstract FreezingRegistry startRegistry() throws Exception;

    @Test
    void aFrozenRegistryLeavesTrafficAlone() throws Exception {
        try (FreezingRegistry registry = startRegistry()) {
            survives("frozen", registry, registry.port(), registry::pause, registry::resume);
        }
    }

    @Test
    void aRegistryThatIsCutOffLeavesTrafficAlone() throws Exception {
        try (FreezingRegistry registry = startRegistry();
                FaultRelay network = FaultRelay.to(registry.port())) {
            survives(
                    "cut off",
                    registry,
                    network.port(),
                    () -> {
                        network.stall(FaultRelay.Direction.TO_SERVER);
                        network.stall(FaultRelay.Direction.TO_CLIENT);
                    },
                    () -> {
                        network.resume(FaultRelay.Direction.TO_SERVER);
                        network.resume(FaultRelay.Direction.TO_CLIENT);
                    });
        }
    }
}
