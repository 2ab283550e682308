package io.ambassador.discovery.etcd;

/**
 * Settings of source {@code etcd}.
 *
 * @param path the key that holds endpoints, and the beginning of those that do, up to a {@code /}
 */
public record EtcdConfig(EtcdCluster cluster, String path) {}
