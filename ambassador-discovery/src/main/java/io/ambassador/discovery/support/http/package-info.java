/**
 * A small HTTP/1.1 client for registries: {@link io.ambassador.discovery.support.http.HttpClient} over TCP, TLS and unix
 * sockets, with whole answers, long polls, and answers that are followed line by line. All clients of the process share
 * one thread, which starts with the first and ends with the last; nothing in here blocks.
 */
@NullMarked
package io.ambassador.discovery.support.http;

import org.jspecify.annotations.NullMarked;
