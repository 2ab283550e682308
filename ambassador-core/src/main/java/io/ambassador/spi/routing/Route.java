package io.ambassador.spi.routing;

/**
 * A router's answer.
 *
 * @param service the name of a service
 * @param reason the rule that fitted, for the log: {@code "listener"}, {@code "sni db.example.com"}
 */
public record Route(String service, String reason) {}
