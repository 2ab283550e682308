package io.ambassador.discovery.kubernetes;

/**
 * Settings of source {@code kubernetes}.
 *
 * @param port the name of one of the service's ports, or its number; empty for the only one
 */
public record KubernetesConfig(ApiServerConfig server, String namespace, String service, String port) {
    /** As in a short form. */
    String name() {
        return "kubernetes://" + namespace + "/" + service + (port.isEmpty() ? "" : ":" + port);
    }

    @Override
    public String toString() {
        return name() + " of " + (server.address() == null ? "this cluster" : server.address());
    }
}
