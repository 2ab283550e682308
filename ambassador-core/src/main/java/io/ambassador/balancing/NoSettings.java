package io.ambassador.balancing;

/** Settings of a policy that has none. */
public record NoSettings() {}
