/**
 * Sockets and event loops: epoll where there is one, else NIO; TLS contexts that follow their files.
 */
@NullMarked
package io.ambassador.transport;

import org.jspecify.annotations.NullMarked;
