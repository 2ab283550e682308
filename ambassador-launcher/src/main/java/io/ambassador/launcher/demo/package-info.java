/**
 * The demonstration: small Redis-speaking and HTTP backends, a DNS zone that names them, and a real ambassador in
 * front, all in this process and released with it. Everything listens on loopback. The ambassador is described through
 * the embedding API, as any application would; a {@link io.ambassador.launcher.demo.Tour} then checks, step by step,
 * that it does what it promises, and fails if it does not.
 */
@NullMarked
package io.ambassador.launcher.demo;

import org.jspecify.annotations.NullMarked;
