package io.ambassador.auth.secret;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A password in a file.
 *
 * @param allowReadable whether group and others may read it
 * @param refresh how often to look whether it has changed
 */
public record FileSecretConfig(Path path, boolean allowReadable, Duration refresh) {}
