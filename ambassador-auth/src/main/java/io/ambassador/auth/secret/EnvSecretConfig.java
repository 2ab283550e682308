package io.ambassador.auth.secret;

/** A password in an environment variable. */
public record EnvSecretConfig(String variable) {}
