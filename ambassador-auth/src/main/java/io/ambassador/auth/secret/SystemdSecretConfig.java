package io.ambassador.auth.secret;

/**
 * A password that systemd hands over.
 *
 * @param name of the credential, as in {@code LoadCredential=}
 */
public record SystemdSecretConfig(String name) {}
