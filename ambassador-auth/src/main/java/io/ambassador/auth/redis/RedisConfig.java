package io.ambassador.auth.redis;

/** Settings of {@code protocol = redis}; there are none. */
public record RedisConfig() {}
