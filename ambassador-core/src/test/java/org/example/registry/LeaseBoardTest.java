package org.example.registry;

import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.registry.Registry;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RegistryContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** Shows that a registry from elsewhere needs nothing but the SPI and the testkit. */
class LeaseBoardTest extends RegistryContract {
    private final ControlThread control = new ControlThread();
    private final LeaseBoard board = new LeaseBoard(Duration.ofSeconds(1));

    @AfterEach
    void stop() {
        control.close();
    }

    @Override
    protected Registry open() {
        return new LeaseBoardRegistry(board, control.scheduler());
    }

    @Override
    protected EndpointSource source(String service) {
        return board.source(service, control.scheduler());
    }

    @Override
    protected void stopServer() {
        board.stop();
    }

    @Override
    protected void startServer() {
        board.start();
    }

    @Override
    protected void abandon(Registry registry) {
        ((LeaseBoardRegistry) registry).abandon();
    }

    @Override
    protected Duration timeToLive() {
        return board.timeToLive();
    }
}
