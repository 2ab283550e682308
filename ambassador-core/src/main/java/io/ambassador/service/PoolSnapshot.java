package io.ambassador.service;

import io.ambassador.spi.balancing.Picker;
import java.util.Set;

/**
 * What new connections use; immutable.
 *
 * @param retryPicker what a second attempt asks first: those of the candidates that are well, else those on trial;
 *     then available ones of zones that get no first attempts
 * @param candidates how many the picker chooses among
 * @param panic whether so few are available that all are used
 * @param settled whether nothing is outstanding that may yet bring candidates: discovery has answered, and where roles
 *     matter, each endpoint has told its own
 * @param members whom the picker chooses among
 * @param reason why there are no candidates, for people; empty if there are some
 */
public record PoolSnapshot(
        Picker picker,
        Picker retryPicker,
        int candidates,
        boolean panic,
        boolean settled,
        Set<PooledEndpoint> members,
        String reason) {}
