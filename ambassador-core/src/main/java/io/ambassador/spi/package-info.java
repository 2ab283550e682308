/**
 * What every service provider interface shares: a {@link io.ambassador.spi.Provider} has a word that
 * users write in configuration, reads its {@link io.ambassador.spi.Settings} into a typed record without
 * opening a socket, and is found by {@link java.util.ServiceLoader}.
 */
@NullMarked
package io.ambassador.spi;

import org.jspecify.annotations.NullMarked;
