package io.ambassador.auth.postgresql;

/**
 * Settings of {@code health.probe = postgresql}.
 *
 * @param database to log in to
 */
public record PostgresqlProbeConfig(String database, LoginRules login) {}
