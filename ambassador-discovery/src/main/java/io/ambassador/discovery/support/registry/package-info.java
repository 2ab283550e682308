/**
 * What sources sit on whose registry pushes: {@link io.ambassador.discovery.support.registry.RegistryWatch} turns what a
 * follower tells into states, and looks up the host names among it.
 */
@NullMarked
package io.ambassador.discovery.support.registry;

import org.jspecify.annotations.NullMarked;
