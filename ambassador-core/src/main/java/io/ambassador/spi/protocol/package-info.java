/**
 * What a protocol adds to a plain relay: reading the client's opening, logging in at the backend, telling
 * a client about a refusal in its own words, and probing an endpoint. The only SPI that shows Netty types.
 */
@NullMarked
package io.ambassador.spi.protocol;

import org.jspecify.annotations.NullMarked;
