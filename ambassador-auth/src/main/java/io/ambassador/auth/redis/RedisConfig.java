package io.ambassador.auth.redis;

/**
 * Settings of {@code protocol = redis}.
 *
 * @param guard whether every command of a client is looked at, so that none can change who is logged in
 */
public record RedisConfig(boolean guard) {}
