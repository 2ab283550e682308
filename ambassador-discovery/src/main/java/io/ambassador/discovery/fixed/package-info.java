/**
 * Source {@code static}: endpoints that are written in the configuration. Addresses are known at once; host names among
 * them are followed as source {@code dns} does. (The package cannot have the source's word, which Java reserves.)
 */
@NullMarked
package io.ambassador.discovery.fixed;

import org.jspecify.annotations.NullMarked;
