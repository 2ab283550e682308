package io.ambassador.auth.redis;

/** Settings of {@code health.probe = redis}; there are none. */
public record RedisProbeConfig() {}
